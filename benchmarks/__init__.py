"""Benchmarks: each prints a table, both sides measured in one run."""
