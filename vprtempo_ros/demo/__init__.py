"""A made-up street to drive along, for demonstrations, tests and benchmarks without a data set."""
