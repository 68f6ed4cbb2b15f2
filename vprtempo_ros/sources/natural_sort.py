"""The natural order of file names: frame_10 after frame_9."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

_DECIMAL = re.compile(r'\D*(\d+\.\d+)')


def natural_key(file: Path) -> tuple[list[int | str], str]:
    """Return the sort key of a file: numbers in its name compare as numbers, equal ones as text."""
    # Every second part is digits, so that numbers are never compared with text.
    parts: list[int | str] = list(re.split(r'(\d+)', file.name))
    parts[1::2] = [int(part) for part in parts[1::2]]
    return parts, file.name


def natural_order(files: Iterable[Path]) -> list[Path]:
    """
    Return files in the natural order of their names.

    Names like 12.5.png are seconds with decimals (12.25 before 12.5), unless two of them would
    then be the same: 1.1 and 1.10 are numbered parts.
    """
    listed = sorted(files, key=natural_key)
    found = [_DECIMAL.fullmatch(file.stem) for file in listed]
    numbers = [Decimal(each[1]) for each in found if each]
    prefixes = {file.stem.removesuffix(each[1]) for file, each in zip(listed, found) if each}
    if len(numbers) < len(listed) or len(set(numbers)) < len(numbers) or len(prefixes) != 1:
        return listed
    order = sorted(range(len(listed)), key=numbers.__getitem__)
    return [listed[number] for number in order]
