"""
The Nordland data set as downloaded: season and frame of each file in a zip.

Partitioned version (Olid et al. 2018, Single-View Place Recognition under Seasonal Changes): eight
zips, `<season>_images_train.zip` with `<season>_images_train/section1/0.png` and so on, and the
same with `test`. Frames are numbered through the sections of a part, equally in all seasons. Other
versions have a folder for each season, some with names like `images-00001.png`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import SourceError
from ..support.paths import user_path

SEASONS = ('spring', 'summer', 'fall', 'winter')
# Frames of a season in each part of the partitioned version: two sections, and three of 1150.
PUBLISHED = {'train': 12837 + 11733, 'test': 3 * 1150}
_FRAME = re.compile(r'(?:images-)?(\d{1,7})\.(png|jpe?g)', re.IGNORECASE)
_SEASON = re.compile(rf'({"|".join(SEASONS)})(?:_images_(train|test)\w*)?', re.IGNORECASE)
# A list of names is at most this long, in bytes; upstream's have a quarter of a megabyte.
_LONGEST_LIST = 16_000_000


class Member(NamedTuple):
    """Part of the data set ('frames' if undivided), season and name of a file."""

    part: str
    season: str
    name: str


def member_of(path: str, archive: str) -> Member | None:
    """
    Return part, season and name by a file's path in a zip and the zip's name; None if no frame.

    Only numbers and known words of the path are used, so a path cannot lead out of the folder.
    """
    *folders, file = path.replace('\\', '/').split('/')
    frame = _FRAME.fullmatch(file)
    if frame is None:
        return None
    words = [_SEASON.fullmatch(word) for word in (*folders, Path(archive).stem)]
    season = next((word for word in words if word), None)
    if season is None:
        return None
    parts = [word[2].lower() for word in words if word and word[2]]
    parts += [folder for folder in folders if folder in PUBLISHED]
    return Member(
        parts[0] if parts else 'frames',
        season[1].lower(),
        frame_name(int(frame[1]), frame[2].lower()),
    )


def frame_name(number: int, suffix: str = 'png') -> str:
    """Return a frame's file name, as in upstream's tools."""
    return f'images-{number:05d}.{suffix}'


def listed_names(file: Path) -> list[str]:
    """
    Return the names in a list of upstream: nordland_imageNames.txt, or a CSV of names.

    :raises SourceError: if the file cannot be read or names no frames.
    """
    path = user_path(file)
    try:
        if path.stat().st_size > _LONGEST_LIST:
            raise SourceError(
                f'{path}: expected a list of names, found a file of more than '
                f'{_LONGEST_LIST // 10**6} MB'
            )
        lines = path.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f'{path}: cannot be read as a list of names ({error})') from None
    frames = [_FRAME.fullmatch(line.split(',')[0].strip().rpartition('/')[2]) for line in lines]
    names = [frame_name(int(frame[1]), frame[2].lower()) for frame in frames if frame]
    if not names:
        raise SourceError(
            f'{path}: expected names of frames like images-00202.png or 202.png, '
            f'one per line, found none in {len(lines)} lines'
        )
    return list(dict.fromkeys(names))


def shortened(names: Iterable[str], most: int = 5) -> str:
    """Return the first few names, and the number of the others."""
    found = sorted(names)
    others = len(found) - most
    return ', '.join(found[:most]) + (f' and {others} more' if others > 0 else '')
