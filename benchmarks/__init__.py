"""
Benchmarks: each module prints a table; what is compared is measured in one run on one machine.

`make bench` runs all of them, `make bench BENCH='training recall'` some. Run them on an idle
machine. Data sets are read from ../shared/data or $VPRTEMPO_DATA.
"""
