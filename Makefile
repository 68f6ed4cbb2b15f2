# Everything a user or a developer runs from a checkout. Nothing needs to be sourced before.

PYTHON ?= python3
DISTRO ?=
VENV := .venv
SECONDS ?= 300
RUN := $(VENV)/bin/python

# Nodes on one machine need not be heard by others; RViz on another one: =SUBNET.
ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST
export ROS_AUTOMATIC_DISCOVERY_RANGE

# Variables that the demo takes as options of the same name, in lower case, when they are set.
DEMO_VARIABLES := INPUT DATA REFERENCE QUERY NAMES PLACES LENGTH RATE OUT
demo_options = $(foreach name,$(DEMO_VARIABLES),$(if $(filter command,$(origin $(name))),--$(shell echo $(name) | tr A-Z a-z) '$($(name))'))

.DEFAULT_GOAL := help
.PHONY: help setup lava demo test test-fast test-matrix fuzz bench lint docs build clean clean-env

help: ## show this
	@echo 'make TARGET [VARIABLE=value ...]'
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo
	@echo 'Variables:'
	@sed -nE 's/^#: ([A-Z ]+): (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

#: INPUT: demo: what sees the rendered route: image, or events of a modelled event camera (image)
#: DATA: demo: folder with a subfolder of images for each traverse (a world made for the demo)
#: REFERENCE: demo, with DATA: subfolder to learn the places from (the first)
#: QUERY: demo, with DATA: subfolder to recognise them in (the second)
#: NAMES: demo, with DATA: text file with the names of the images to use
#: PLACES: demo, with DATA: how many places at the most (500)
#: LENGTH: demo, without DATA: length of the route in metres, 20 to 500 (230)
#: RATE: demo: images a second (10, with DATA 20)
#: OUT: demo: folder for the results (build/demo)
#: PYTEST: test, test-fast, test-matrix: more arguments for pytest, as in PYTEST='-k match -x'
#: SECONDS: fuzz: how long (300)
#: BENCH: bench: arguments for the benchmarks
#: PYTHON: setup: interpreter to make the environment with (python3)
#: DISTRO: setup: ROS 2 to install where none is sourced: jazzy or kilted (jazzy)

setup: ## make the virtual environment .venv, with ROS 2 where none is sourced; quick when up to date
	@$(PYTHON) env/bootstrap.py --venv $(VENV) $(if $(DISTRO),--distro $(DISTRO))

lava: ## make the environment with Lava, lava-dl, sinabs and NIR in it, for the neuromorphic backends
	@$(PYTHON) env/bootstrap.py --venv $(VENV) --with-lava $(if $(DISTRO),--distro $(DISTRO))

demo: setup ## learn a route and recognise it again, with the real nodes; see the variables
	@$(RUN) -m vprtempo_ros.demo $(demo_options)

test: setup ## run all tests, the long ones too
	@$(RUN) -m pytest $(PYTEST)

test-fast: setup ## run the tests that take no longer than seconds
	@$(RUN) -m pytest -m 'not long' $(PYTEST)

test-matrix: ## run the tests for each ROS 2 and Python of robots, as far as the Pythons are here
	@$(PYTHON) env/matrix.py $(PYTEST)

fuzz: setup ## let a coverage-guided fuzzer look for bytes that the decoders do not survive
	@$(VENV)/bin/python -m pip install -q -r env/requirements-fuzz.txt
	@mkdir -p build/fuzz
	@cd build/fuzz && PYTHONPATH=$(CURDIR):$(CURDIR)/test:$(CURDIR)/test/events $(CURDIR)/$(RUN) $(CURDIR)/test/events/fuzz_events.py -max_total_time=$(SECONDS) -timeout=20 $(CURDIR)/build/fuzz

bench: setup ## measure speed and recall
	@$(RUN) -m benchmarks $(BENCH)

lint: setup ## check style and types
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy

docs: setup ## generate config/*.yaml, docs/parameters.md and the tables of docs/interface.md
	@$(RUN) -m vprtempo_ros.tools.settings

build: setup ## build the package with colcon, as a robot's workspace does, into build/ and install/
	@$(VENV)/bin/colcon build

clean: ## remove builds and caches
	rm -rf build install log *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

clean-env: ## remove the environments of setup and test-matrix
	rm -rf .venv .venv.log .venvs
