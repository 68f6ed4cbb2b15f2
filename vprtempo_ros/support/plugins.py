"""Parts that other packages can add, found by entry points."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points

from ..errors import VprError


def find(group: str, name: str) -> EntryPoint | None:
    """Return the entry point of this name, or None."""
    # This package first: searching all installed packages takes a twentieth of a node's start.
    with suppress(PackageNotFoundError):
        for entry in distribution('vprtempo_ros').entry_points:
            if (entry.group, entry.name) == (group, name):
                return entry
    return next((entry for entry in entry_points(group=group) if entry.name == name), None)


def names(group: str) -> list[str]:
    """Return the names that are installed for an entry point group, sorted."""
    return sorted(entry.name for entry in entry_points(group=group))


def load(group: str, kind: str, name: str, error: type[VprError]) -> object:
    """
    Return what an entry point refers to.

    :param kind: what it is, for messages: 'backend' or 'encoder'.
    :raises VprError: `error`, if the name is unknown or a library is not installed.
    """
    found = find(group, name)
    if found is None:
        listed = ', '.join(names(group)) or 'none (is the package installed, not only unpacked?)'
        raise error(f'unknown {kind} {name!r}; known are {listed}')
    try:
        return found.load()
    except ImportError as missing:
        raise error(
            f'{kind} {name!r} needs {missing.name or missing}, which is not installed: '
            f'pip install {missing.name or name}'
        ) from None
