# Weft's commands for people. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-thread lint format check-imports check-long simulate simulate-mesh crash-points soak lab peer fuzz bench bench-quick micro clean

BUILD := .build
# Tests start real processes and wait with deadlines: a few at a time are quicker than all at once.
TEST_FLAGS := --experimental-maximum-parallelization-width 4
WEFT := $(BUILD)/debug/weft

help: ## List what can be made
	@awk 'BEGIN { FS = ":.*## "; print "make TARGET, where TARGET is one of:" } \
	  /^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what Debian or Ubuntu must provide (libzmq, libcurl, SQLite)
	@.ci/setup

build: setup ## Build everything, tests included (debug)
	@.ci/swift build --build-tests

demo: setup ## Run a whole cluster on this machine: stand-in platform, coordinator, 3 workers, 20 tasks
	@.ci/swift build --product weft
	@$(WEFT) demo --workers 3 --tasks 20

test: build ## Run all tests
	@.ci/swift test --skip-build $(TEST_FLAGS)

test-thread: setup ## Run all tests under the thread sanitizer (in a build folder of its own)
	@.ci/swift build --build-tests --sanitize=thread --scratch-path .build-thread
	@.ci/swift test --skip-build --sanitize=thread --scratch-path .build-thread $(TEST_FLAGS)

lint: ## Check the format of all sources
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests benchmarks fuzz
	@echo "lint: clean"

format: ## Format all sources in place
	@swift format --in-place --recursive --parallel Package.swift Sources Tests benchmarks fuzz

check-imports: setup ## Check that a program importing only Weft compiles neither GRDB nor NIO
	@.ci/check-imports

soak: setup ## Break a cluster for two minutes and prove that no task is lost (SEED=1 SOAK_SECONDS=120)
	@.ci/swift build --product weft
	@cluster/soak --self-test
	@WEFT=$(WEFT) cluster/soak --seed $(or $(SEED),1) --seconds $(or $(SOAK_SECONDS),120)

lab: ## Run five nodes on a bad network, in namespaces of their own: loss, delay, cuts, kills (release; needs root)
	@.ci/setup lab
	@.ci/swift build -c release --product weft --scratch-path .build-release
	@cluster/lab --self-test
	@WEFT=.build-release/release/weft cluster/lab

simulate: setup ## Run seeded schedules with faults, 10,000 of the task plane and 20,000 of a cluster, checking every step (release)
	@.ci/swift build -c release --product Simulate --scratch-path .build-release
	@.build-release/release/Simulate tasks $(or $(SCHEDULES),10000)
	@.build-release/release/Simulate mesh $(or $(SCHEDULES),20000)

simulate-mesh: setup ## Run seeded schedules of a whole cluster with faults for a time, or so many (SECONDS=60 or SCHEDULES=100000)
	@.ci/swift build -c release --product Simulate --scratch-path .build-release
	@WEFT_SIMULATION_SECONDS=$(if $(SCHEDULES),86400,$(or $(SECONDS),60)) \
	  .build-release/release/Simulate mesh $(or $(SCHEDULES),1000000) $(or $(SEED),1)

crash-points: build ## Crash the coordinator at every write and every action of a run of 50 tasks
	@WEFT_CRASH_POINTS=all .ci/swift test --skip-build --filter CrashPointTests

check-long: build ## The longer checks: simulation, crash points, soak, sanitizer, and all tests five times over
	@$(MAKE) simulate
	@$(MAKE) crash-points
	@$(MAKE) soak
	@$(MAKE) test-thread
	@for round in 1 2 3 4 5; do echo "round $$round of 5"; .ci/swift test --skip-build $(TEST_FLAGS) || exit 1; done

peer: setup ## See a mesh with keys of three nodes and the one in Python hear 200,000 events of each other (COUNT=100000)
	@.ci/swift build --product weft
	@cluster/peer --self-test
	@WEFT=$(WEFT) cluster/peer --prove $(or $(COUNT),100000)

fuzz: setup ## Fuzz every decoder, each for 600 s or so many (SECONDS=600)
	@fuzz/run --seconds $(or $(SECONDS),600)

bench: setup ## Measure everything beside baselines in C and other systems, 5 rounds, into benchmarks/results (ROWS=mesh-32,task-8)
	@benchmarks/run $(if $(ROWS),--rows $(ROWS))

bench-quick: setup ## The same in one short round, under three minutes
	@benchmarks/run --quick $(if $(ROWS),--rows $(ROWS))

micro: setup ## Measure the parts that need no network, and fail when their allocations or instructions have grown
	@benchmarks/micro/run

clean: ## Remove everything that was built
	rm -rf .build .build-thread .build-release run fuzz/.build* benchmarks/micro/.build benchmarks/bin benchmarks/.peers
