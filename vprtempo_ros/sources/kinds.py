"""Which kind of recording a path is."""

from __future__ import annotations

from pathlib import Path

EVENT_FILES = ('.raw', '.dat')
"""Suffixes of files of event cameras."""

RECORDINGS = 'bag (folder, .db3, .mcap, .bag), or .raw or .dat file of an event camera'
"""What tools take that read events, for their help."""


def is_event_file(path: Path) -> bool:
    """Return whether a path has the name of a file of an event camera."""
    return path.suffix.lower() in EVENT_FILES and path.is_file()
