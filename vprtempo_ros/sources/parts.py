"""The parts of a split recording, by the names of its files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

from ..errors import SourceError
from .natural_sort import natural_key

ROS1 = '.bag'
"""Suffix of bags of ROS 1."""
_NUMBER_LAST = re.compile(r'(?P<name>.*)_(?P<number>\d{1,6})')
_NUMBER_FIRST = re.compile(r'(?P<number>\d{1,6})_(?P<name>.*?)(_\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d)?')


def check_one_recording(path: Path, files: list[Path]) -> None:
    """
    Check that the .bag files of a folder are the parts of one recording: numbered from 0.

    ROS 2 has a folder for each recording; in ROS 1 recordings are often next to each other.
    """
    found = [file.name for file in files if file.name.removesuffix('.zstd').endswith(ROS1)]
    numbers = [re.search(r'_(\d+)\.bag', name) for name in found]
    if len(found) > 1 and [int(each[1]) if each else None for each in numbers] != list(
        range(len(found))
    ):
        raise SourceError(
            f'{path}: expected one recording, found {len(found)} .bag files that are not numbered '
            f'parts of one (like _0.bag, _1.bag): name one of them, as {found[0]}'
        )


def without_metadata(folder: Path) -> list[Path]:
    """
    Return the .db3 files of a folder without metadata.yaml, in order; none of any other path.

    A recorder writes metadata.yaml when it ends, and who copies .db3 files may leave it behind.
    """
    if not folder.is_dir() or (folder / 'metadata.yaml').exists():
        return []
    return sorted(folder.glob('*.db3'), key=natural_key)


def missing_parts(folder: str, files: list[Path]) -> Iterator[str]:
    """
    Yield a line if numbers are missing in the names of the parts of a recording.

    rosbag2 numbers them from 0: FOLDER_0.mcap, since Lyrical 0_FOLDER_TIME.mcap.
    """
    if len(files) < 2:
        return
    names = [file.name.removesuffix('.zstd').rpartition('.')[0] for file in files]
    for pattern in (_NUMBER_FIRST, _NUMBER_LAST):
        found = [pattern.fullmatch(name) for name in names]
        parts = {int(match['number']) for match in found if match}
        if not all(found) or len(parts) < len(files):
            continue
        own = all(match is not None and match['name'] == folder for match in found)
        missing = set(range(0 if own else min(parts), max(parts))) - parts
        if missing:
            listed = ', '.join(map(str, sorted(missing)[:8])) + ', ...' * (len(missing) > 8)
            yield (
                f'{len(missing)} of at least {len(parts) + len(missing)} parts of the recording '
                f'are missing, by the numbers in the names of its files: {listed}'
            )
        return
