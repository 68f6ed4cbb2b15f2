"""Which kind of recording a path is."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.pgm', '.ppm', '.webp')
"""Suffixes of images of a folder."""

STORAGE_FILES = ('.db3', '.mcap', '.bag')
"""Suffixes of files of bags."""

AEDAT2, AEDAT4, HDF5_FILES, PARQUET = '.aedat', '.aedat4', ('.h5', '.hdf5'), '.parquet'
"""Suffixes of files of jAER, of iniVation's, which may hold images too, of HDF5 and Parquet."""

EVENT_FILES = ('.raw', '.dat', AEDAT2, AEDAT4, *HDF5_FILES, PARQUET)
"""Suffixes of files of event cameras."""

RECORDINGS = (
    'bag (folder, .db3, .mcap, .bag), or .raw, .dat, .aedat, .aedat4, .h5 or .parquet file of an '
    'event camera'
)
"""What tools take that read events, for their help."""

# Folders below a folder without recordings in which one is looked for.
_FOLDERS = 100
_VIDEO = 'a video: make a folder of images of it (ffmpeg -i %s FOLDER/%%06d.png)'
_VIDEOS = ('.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v')


def conversion(path: Path) -> str:
    """Return how a file of a kind that is not read can be converted; empty for other kinds."""
    return _VIDEO % path.name if path.suffix.lower() in _VIDEOS and path.is_file() else ''


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
