# Two commands set everything up, each on its own: `make demo` and `make test`.
SHELL := /bin/bash
.PHONY: demo test build packages test-packages

BUILD := gcc libc6-dev pkg-config libclang-dev libopenblas-dev libhdf5-dev libopenmpi-dev openmpi-bin
SLURM := slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge libpmix2
PYTHON := python3-h5py python3-h5netcdf python3-xarray

# The Python that has h5py; Debian's packages belong to this one.
export PARETORANK_PYTHON ?= /usr/bin/python3

# Rayon is the one that starts threads.
export OPENBLAS_NUM_THREADS = 1

# Open MPI wants to be asked before it runs as root, or more ranks than there are cores.
ifeq ($(shell id -u),0)
export OMPI_ALLOW_RUN_AS_ROOT = 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = 1
endif
ifneq ($(shell test "$$(nproc)" -ge 5 && echo enough),enough)
export OMPI_MCA_rmaps_base_oversubscribe = 1
export OMPI_MCA_hwloc_base_binding_policy = none
endif

# A first run: rank 0 and 4 evaluating ranks. Doing it again finds the run complete.
demo: build
	mpirun -n 5 target/release/paretorank run configs/dtlz2.toml

# Every test, real batch jobs and real readers of the history among them.
test: export PARETORANK_REQUIRE_H5PY = 1
test: export PARETORANK_REQUIRE_H5NETCDF = 1
test: packages test-packages
	if cargo nextest --version >/dev/null 2>&1; \
	then tests/slurm/with cargo nextest run --release --locked; \
	else tests/slurm/with cargo test --release --locked --bins --lib --tests; fi
	cargo test --release --locked --doc

build: packages
	cargo build --release --locked

packages:
	@.ci/packages $(BUILD)

test-packages:
	@.ci/packages $(SLURM) $(PYTHON)
