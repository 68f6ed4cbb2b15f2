"""
Lets the package be imported with a counter at every statement and branch.

Run by every Python process of the environment in which VPRTEMPO_COUNTED names the folder that
`instrument.py` has prepared, while it starts; so it imports little. The counters are bytes of a
file that all processes share: nothing has to be written at their end, however they end.
"""

from __future__ import annotations

import builtins
import marshal
import mmap
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

# The name of the counters, which no module defines, for all code of the package.
COUNTERS = '__counters__'


class CountedLoader(SourceFileLoader):
    """A loader of files that takes the prepared code, where that was made from the same source."""

    folder: str

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code with counters; without, of a file that has changed meanwhile."""
        name = f'{fullname}.__init__' if self.path.endswith('/__init__.py') else fullname
        try:
            with open(f'{self.folder}/{name}', 'rb') as file:
                source, code = marshal.load(file)
        except FileNotFoundError:
            return super().get_code(fullname)
        if source != self.get_data(self.path):
            return super().get_code(fullname)
        # Of a copy, too, tracebacks name the file.
        import _imp

        _imp._fix_co_filename(code, self.path)  # type: ignore[attr-defined]
        assert isinstance(code, CodeType)
        return code


class CountedFinder:
    """A finder of modules that finds those of the package with the loader above."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of the package is loaded; None: of another."""
        if name.partition('.')[0] != self.package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = CountedLoader(name, spec.loader.path)
        return spec


def start(folder: str) -> None:
    """Count from now on."""
    with open(f'{folder}/counters', 'r+b') as file:
        setattr(builtins, COUNTERS, mmap.mmap(file.fileno(), 0))
    with open(f'{folder}/package') as named:
        sys.meta_path.insert(0, CountedFinder(named.read()))
    CountedLoader.folder = folder
