"""Which kind of recording a path is."""

from __future__ import annotations

from pathlib import Path

AEDAT4, HDF5_FILES = '.aedat4', ('.h5', '.hdf5')
"""Suffixes of iniVation's files, which may hold images too, and of HDF5."""

EVENT_FILES = ('.raw', '.dat', AEDAT4, *HDF5_FILES)
"""Suffixes of files of event cameras."""

RECORDINGS = (
    'bag (folder, .db3, .mcap, .bag), or .raw, .dat, .aedat4 or .h5 file of an event camera'
)
"""What tools take that read events, for their help."""


def is_event_file(path: Path) -> bool:
    """Return whether a path has the name of a file of an event camera."""
    return path.suffix.lower() in EVENT_FILES and path.is_file()
