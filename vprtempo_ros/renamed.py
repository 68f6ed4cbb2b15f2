"""Options whose name or value has changed: maps are converted, users are told the new name."""

from __future__ import annotations

from typing import NamedTuple


class Renamed(NamedTuple):
    """Names before and after, and values before and after where these have changed too."""

    old: str
    new: str
    values: dict[str, str] = {}


RENAMED = {
    entry.old: entry
    for entry in (
        Renamed('training.copies', 'training.augment'),
        Renamed('training.outputs', 'training.outputs', {'settled': 'ridge'}),
        Renamed('pose.across', 'pose.lateral_std'),
        Renamed('pose.heading', 'pose.heading_std'),
    )
}


def explain(name: str, value: object = None) -> str:
    """Return what an option or its value is called now, or '' if nothing of it has changed."""
    entry = RENAMED.get(name)
    if entry is None:
        return ''
    if entry.new != name:
        return f'{name} is called {entry.new} now'
    new = entry.values.get(value) if isinstance(value, str) else None
    return f'{value!r} is called {new!r} now' if new else ''
