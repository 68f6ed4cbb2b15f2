"""When the images of a folder were taken: by their names, or by a list of times."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Sequence

from ..errors import SourceError
from ..support.paths import user_path

NAMES = 'names'
"""Times are in the names of the files."""
UNITS = {'s': 10**9, 'ms': 10**6, 'us': 10**3, 'ns': 1}
"""Units of times, in ns."""

# Digits of whole times since 1970 (2001 to 2286), which are enough to know their unit.
_DIGITS = {10: 's', 13: 'ms', 16: 'us', 19: 'ns'}
_NUMBER = re.compile(r'\d+(?:\.\d+)?')
# Seconds of a stamp of ROS.
_SECONDS = 1 << 31


class StampedFile(NamedTuple):
    """An image file, and when it was taken in ns."""

    file: Path
    stamp_ns: int


def stamped_files(files: Sequence[Path], source: str, unit: str = '') -> list[StampedFile]:
    """
    Return image files in the order in which they were taken.

    :param source: NAMES: each name has its time, the number with most digits; else a text file
        with a line for each image, `time name` in any order or, in the order of the files, only
        `time`; separated by spaces, tabs, commas or semicolons. Lines without a number are passed
        over, and those with #.
    :param unit: one of UNITS; empty: seconds if there are decimals, else by the number of digits.
    :raises SourceError: if there is not one time for each image, or two have the same.
    """
    if source == NAMES:
        times = [_of_name(file, unit) for file in files]
    else:
        times = _of_list(files, source, unit)
    found = sorted(map(StampedFile, files, times), key=lambda each: each.stamp_ns)
    for earlier, later in zip(found, found[1:]):
        if earlier.stamp_ns == later.stamp_ns:
            raise SourceError(
                f'{later.file}: expected a time of its own, found that of {earlier.file.name}'
            )
    return found


def _of_name(file: Path, unit: str) -> int:
    numbers = _NUMBER.findall(file.stem)
    if not numbers:
        raise SourceError(f'{file}: expected a time in the name, found none')
    return _time_ns(max(numbers, key=len), unit, str(file))


def _of_list(files: Sequence[Path], source: str, unit: str) -> list[int]:
    try:
        lines = user_path(source).read_text(encoding='utf-8-sig').split('\n')
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f'{source}: cannot be read as a list of times ({error})') from None
    wanted = {file.name for file in files}
    in_order: list[int] = []
    by_name: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if line.startswith('#'):
            continue
        fields = [field.strip(' "\r') for field in re.split(r'[,;\s]+', line.strip())]
        names = [Path(field).name for field in fields if Path(field).name in wanted]
        times = [field for field in fields if _NUMBER.fullmatch(field)]
        if times:
            time = _time_ns(times[0], unit, f'{source}: line {number}')
            in_order.append(time)
            by_name.update(dict.fromkeys(names, time))
    if by_name:
        missing = [file.name for file in files if file.name not in by_name]
        if missing:
            raise SourceError(f'{source}: expected a time for each image, none for {missing[0]}')
        return [by_name[file.name] for file in files]
    if len(in_order) != len(files):
        raise SourceError(
            f'{source}: expected a time for each of {len(files)} images, found {len(in_order)}'
        )
    return in_order


def _time_ns(text: str, unit: str, where: str) -> int:
    """Return a time in ns; digits are exact, which they are not as a float."""
    unit = unit or ('s' if '.' in text else _DIGITS.get(len(text), ''))
    if not unit:
        raise SourceError(f'{where}: expected a time, found {text[:40]}: in which unit? Use --unit')
    time = int(Decimal(text) * UNITS[unit])
    if time >= _SECONDS * UNITS['s']:
        raise SourceError(f'{where}: expected a time, found {text[:40]} {unit}, after 2038')
    return time
