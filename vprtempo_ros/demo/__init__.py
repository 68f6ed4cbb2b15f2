"""A rendered street as data set for demonstrations, tests and benchmarks, and the demo."""
