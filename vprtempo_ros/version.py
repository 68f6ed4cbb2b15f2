"""The version of the package, in a module of its own: maps and reports carry it."""

__version__ = '0.1.0'
