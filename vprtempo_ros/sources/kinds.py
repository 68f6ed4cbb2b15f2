"""Which kind of recording a path is."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.pgm', '.ppm', '.webp')
"""Suffixes of images of a folder."""

STORAGE_FILES = ('.db3', '.mcap', '.bag')
"""Suffixes of files of bags."""

AEDAT2, AEDAT4, HDF5_FILES = '.aedat', '.aedat4', ('.h5', '.hdf5')
"""Suffixes of files of jAER, of iniVation's, which may hold images too, and of HDF5."""

EVENT_FILES = ('.raw', '.dat', AEDAT2, AEDAT4, *HDF5_FILES)
"""Suffixes of files of event cameras."""

RECORDINGS = (
    'bag (folder, .db3, .mcap, .bag), or .raw, .dat, .aedat, .aedat4 or .h5 file of an event camera'
)
"""What tools take that read events, for their help."""

# Folders below a folder without recordings in which one is looked for.
_FOLDERS = 100
_VIDEO = 'a video: make a folder of images of it (ffmpeg -i %s FOLDER/%%06d.png)'
_OTHERS = {
    '.parquet': 'a table of Parquet: write x, y, t and p of %s to events/x, ... of an HDF5 file',
    **dict.fromkeys(('.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v'), _VIDEO),
}


def conversion(path: Path) -> str:
    """Return how a file of a kind that is not read can be converted; empty for other kinds."""
    known = _OTHERS.get(path.suffix.lower(), '') if path.is_file() else ''
    return known % path.name if known else ''


def is_event_file(path: Path) -> bool:
    """Return whether a path has the name of a file of an event camera."""
    return path.suffix.lower() in EVENT_FILES and path.is_file()


def found_below(path: Path) -> str:
    """Return where a recording is that the path is not; empty if none is near it."""
    if path.name == 'metadata.yaml':
        return f'; name its folder, {path.parent}'
    known = (*STORAGE_FILES, *IMAGE_SUFFIXES, *EVENT_FILES)
    for folder, below, files in itertools.islice(os.walk(path), _FOLDERS):
        below.sort()
        if any(name.lower().removesuffix('.zstd').endswith(known) for name in files):
            return '' if Path(folder) == path else f'; there are some in {folder}: name that'
    return ''
