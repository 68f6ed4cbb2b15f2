"""What an operator is told of one concern."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

Values = list[tuple[str, str]]


class Level(IntEnum):
    """
    The levels of diagnostic_msgs/DiagnosticStatus, with its numbers.

    OK: nothing to do. WARN: it works, but worse than it should, or soon will not. ERROR: it does
    not do what it is there for. STALE: what it said last is old, as another concern tells why.
    """

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


class Status(NamedTuple):
    """Level and message of a concern, with its figures by name."""

    concern: str
    level: Level
    message: str
    values: Values


class Finding(NamedTuple):
    """
    Something that may be wrong: whether it holds now, and what is to be said of it then.

    after: seconds that it has to hold before it is reported; None: as `diagnostics.raise_after`.
    """

    name: str
    level: Level
    holds: bool | None
    text: str
    after: float | None = None
