# Two commands set everything up, each on its own: `make demo` and `make test`.
SHELL := /bin/bash
.PHONY: demo test test-faults test-nodes bench build packages test-packages geant4

BUILD := gcc libc6-dev pkg-config libclang-dev libopenblas-dev libhdf5-dev libopenmpi-dev openmpi-bin
SLURM := slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge libpmix2
PYTHON := python3-h5py python3-h5netcdf python3-xarray python3-prometheus-client
DISKS := e2fsprogs mount
BROWSER := chromium fonts-dejavu-core
CONTAINERS := charliecloud-runtime squashfs-tools podman runc
GEANT4 := python3-venv libgl1 libx11-6 libxext6 libsm6 libice6

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

# A first run: rank 0 and 4 evaluating ranks, and its report. Doing it again finds the run complete.
demo: build
	mpirun -n 5 target/release/paretorank run configs/dtlz2.toml
	target/release/paretorank report runs/dtlz2

# Every test, real batch jobs and real readers of the history among them.
test: export PARETORANK_REQUIRE_H5PY = 1
test: export PARETORANK_REQUIRE_H5NETCDF = 1
test: export PARETORANK_REQUIRE_PROMETHEUS = 1
test: export PARETORANK_REQUIRE_CONTAINERS = 1
test: export PARETORANK_REQUIRE_BROWSER = 1
test: export PARETORANK_REQUIRE_GEANT4 = 1
test: export PARETORANK_GEANT4 = $(CURDIR)/target/geant4/bin/python3
test: packages test-packages geant4
	if cargo nextest --version >/dev/null 2>&1; \
	then tests/slurm/with cargo nextest run --release --locked; \
	else tests/slurm/with cargo test --release --locked --bins --lib --tests; fi
	cargo test --release --locked --doc

# What takes too long for every day: hundreds of kills, 10,000 trials on 64 ranks, whole shipped studies. In all
# some 20 minutes on 2 cores.
test-faults: export PARETORANK_REQUIRE_H5PY = 1
test-faults: export PARETORANK_KILLS ?= 60
test-faults: export PARETORANK_SOAK = 1
test-faults: export PARETORANK_WHOLE = 1
test-faults: packages test-packages
	cargo nextest run --release --locked --profile faults --retries 0 --no-capture \
	  -E 'test(harness::) | test(soak::) | test(whole_)'
	$(MAKE) test-nodes

# Jobs that lose nodes, each on a Slurm of four nodes of its own: needs root, and takes 7 minutes.
# `make test-nodes FAULTS=--locked` tests a build without optimization.
FAULTS ?= --release --locked
on_nodes = PARETORANK_SLURM_NODES=4 tests/slurm/with cargo nextest run $(FAULTS) --profile faults \
	--retries 0 --no-capture --test slurm -E 'test(=nodes::$(1))'
test-nodes: export PARETORANK_REQUIRE_NODES = 1
test-nodes: packages test-packages
	cargo nextest run $(FAULTS) --no-run --test slurm
	$(call on_nodes,limits_a_lost_node_a_signal_and_a_requeue_cost_only_what_was_under_way)
	$(call on_nodes,under_mpirun_a_job_outlives_the_loss_of_a_node_and_of_the_one_it_is_led_from)

# One table of figures, in target/bench/table.md. All take some 6 minutes of CPU; `BENCH=hypervolume`, or several
# names, measures only that. `queue` and `sparse` say by themselves what they find.
BENCHES := coordinator messages checkpoint report hypervolume model candidate
BENCH ?= $(BENCHES)
bench: packages
	cargo bench --locked --no-run $(foreach name,$(BENCH) table,--bench $(name))
	rm -rf target/bench && mkdir -p target/bench && cp /proc/loadavg target/bench/load
	for name in $(BENCH); do cargo bench --locked --bench $$name || exit 1; done
	cargo bench --locked --bench table

build: packages
	cargo build --release --locked

packages:
	@.ci/packages $(BUILD)

test-packages:
	@.ci/packages $(SLURM) $(PYTHON) $(CONTAINERS) $(DISKS) $(BROWSER)

# A Python with Geant4 for configs/drich/geant4.toml, from PyPI: about 50 MB to load, 170 MB on disk.
geant4: target/geant4/bin/complete

target/geant4/bin/complete: configs/drich/requirements.txt
	@.ci/packages $(GEANT4)
	$(PARETORANK_PYTHON) -m venv --clear target/geant4
	target/geant4/bin/pip install --quiet --no-compile -r $<
	touch $@
