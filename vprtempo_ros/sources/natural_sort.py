"""The natural order of file names: frame_10 after frame_9."""

from __future__ import annotations

import re
from pathlib import Path


def natural_key(file: Path) -> tuple[list[int | str], str]:
    """Return the sort key of a file: numbers in its name compare as numbers, equal ones as text."""
    # Every second part is digits, so that numbers are never compared with text.
    parts: list[int | str] = list(re.split(r'(\d+)', file.name))
    parts[1::2] = [int(part) for part in parts[1::2]]
    return parts, file.name
