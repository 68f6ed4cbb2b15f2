"""The parts of a split recording, by the names of its files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

from ..errors import SourceError
from .natural_sort import natural_key
from .storage import Storage

ROS1 = '.bag'
"""Suffix of bags of ROS 1."""
# Names of files that are listed.
_LISTED = 4
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

    rosbag2 numbers them from 0: FOLDER_0.mcap, since Lyrical 0_FOLDER_TIME.mcap. Files of other
    names, which may be several recordings, are said too.
    """
    if len(files) < 2:
        return
    names = [file.name.removesuffix('.zstd').rpartition('.')[0] for file in files]
    for pattern in (_NUMBER_FIRST, _NUMBER_LAST):
        found = [pattern.fullmatch(name) for name in names]
        parts = {int(match['number']) for match in found if match}
        of = {match['name'] for match in found if match}
        if not all(found) or len(parts) < len(files) or len(of) > 1:
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
    listed = ', '.join(file.name for file in files[:_LISTED]) + ', ...' * (len(files) > _LISTED)
    yield (
        f'its {len(files)} files are not numbered parts of one recording, and are read as one, in '
        f'the order of their times ({listed}); if they are several, name one file, or several bags'
    )


def check_copies(path: Path, files: list[Path], opened: list[Storage]) -> None:
    """
    Check that no two files of a folder begin alike: of all topics that both have, at the same ns.

    Such are copies: recovered, converted or compressed ones next to the file that they were made
    of. Each message would be there twice.
    """
    begun: dict[int, list[tuple[Path, Storage]]] = {}
    for file, storage in zip(files, opened):
        if not storage.start_ns:
            continue
        others = begun.setdefault(storage.start_ns, [])
        for first, other in others:
            if _begin_alike(storage, other):
                raise SourceError(
                    f'{path}: expected parts of one recording, found copies: {first.name} and '
                    f'{file.name} begin at the same time; name one of them'
                )
        others.append((file, storage))


def _begin_alike(one: Storage, other: Storage) -> bool:
    """Return whether all topics of both files begin at the same time, of which there are some."""
    shared = {t.name for t in one.topics if t.messages} & {
        t.name for t in other.topics if t.messages
    }
    # A recorder may repeat the latched messages of a recording in each part, with their times.
    return bool(shared) and all(_first_ns(one, name) == _first_ns(other, name) for name in shared)


def _first_ns(storage: Storage, topic: str) -> int | None:
    return next((raw.stamp_ns for raw in storage.heads(topic, 0)), None)
