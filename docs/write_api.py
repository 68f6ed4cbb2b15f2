#!/usr/bin/env python3
"""Writes the API reference from the docstrings, to the folder given as argument."""

from __future__ import annotations

import pkgutil
import sys
import warnings
from pathlib import Path

import pdoc

import vprtempo_ros

# ROS programs, launch files and the demo are started, not called from Python; Lava's processes need
# a prepared import.
LEFT_OUT = ('nodes', 'launching', 'demo', 'backends.lava')


def main() -> None:
    """Write the pages; a name of the package that is not found is an error."""
    warnings.filterwarnings('error', message='.*does not resolve')
    # The names of the package are imported on first use, and pdoc does not ask for them.
    for name in vprtempo_ros.__all__:
        getattr(vprtempo_ros, name)
    name = vprtempo_ros.__name__
    # Having __all__, the package itself stands for these names only.
    parts = [f'{name}.{part.name}' for part in pkgutil.iter_modules(vprtempo_ros.__path__)]
    excluded = [f'{name}.{part}' for part in LEFT_OUT]
    chosen = [part for part in parts if part not in excluded]
    pdoc.render.configure(docformat='restructuredtext')
    output = Path(sys.argv[1])
    pdoc.pdoc(name, *chosen, *(f'!{part}' for part in excluded), output_directory=output)


if __name__ == '__main__':
    main()
