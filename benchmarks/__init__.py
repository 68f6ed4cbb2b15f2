"""
Benchmarks: each module prints a table, both sides measured in one run on this machine.

`make bench` runs all of them, `make bench BENCH='training recall'` some. Run them on a machine
that does nothing else. Data sets are looked for in ../shared/data or $VPRTEMPO_DATA.
"""
