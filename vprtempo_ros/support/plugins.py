"""Parts that other packages can add, found by entry points."""

from __future__ import annotations

from importlib.metadata import entry_points

from ..errors import VprError


def names(group: str) -> list[str]:
    """Return the names that are installed for an entry point group, sorted."""
    return sorted(entry.name for entry in entry_points(group=group))


def load(group: str, kind: str, name: str, error: type[VprError]) -> object:
    """
    Return what an entry point refers to.

    :param kind: what it is, for messages: 'backend' or 'encoder'.
    :raises VprError: `error`, if the name is unknown or a library is not installed.
    """
    known = {entry.name: entry for entry in entry_points(group=group)}
    if name not in known:
        listed = ', '.join(sorted(known)) or 'none (is the package installed, not only unpacked?)'
        raise error(f'unknown {kind} {name!r}; known are {listed}')
    try:
        return known[name].load()
    except ImportError as missing:
        raise error(
            f'{kind} {name!r} needs {missing.name or missing}, which is not installed: '
            f'pip install {missing.name or name}'
        ) from None
