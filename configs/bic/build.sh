#!/bin/sh
# build.sh GEOMETRY: builds epic's source (EPIC_SOURCE) with the trial's calorimeter, and installs it in ./epic.
# The source is copied: many trials build at the same time.
set -eu
trial=$(dirname "$1")
: "${EPIC_SOURCE:?say where the source of the detector description is}"
cp -r "$EPIC_SOURCE" source
cp "$trial/compact/ecal/bic_default.xml" source/compact/ecal/bic_default.xml
cmake -S source -B build "-DCMAKE_INSTALL_PREFIX=$PWD/epic"
cmake --build build --parallel 2
cmake --install build
rm -rf source build
