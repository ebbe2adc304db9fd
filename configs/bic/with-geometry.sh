#!/bin/sh
# with-geometry.sh XML COMMAND ...: runs a command with the detector description that was installed with XML.
set -eu
DETECTOR_PATH=$(dirname "$1")
LD_LIBRARY_PATH=$DETECTOR_PATH/../../lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export DETECTOR_PATH LD_LIBRARY_PATH
shift
exec "$@"
