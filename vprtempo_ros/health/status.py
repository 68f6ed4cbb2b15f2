"""What diagnostics say of a component."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

Values = list[tuple[str, str]]
"""Keys and values of a status, in the order in which they are displayed."""


class Level(IntEnum):
    """
    The levels of diagnostic_msgs/DiagnosticStatus, with its numbers.

    OK: nothing to do. WARN: works, but worse than it should, or fails after a restart. ERROR: does
    not work. STALE: the last values are old; another component reports why.
    """

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


class Status(NamedTuple):
    """Level, message and values of a component."""

    component: str
    level: Level
    message: str
    values: Values


class Finding(NamedTuple):
    """
    A possible problem, and whether it is there now.

    name: unique within the component. holds: None if it cannot be evaluated now, which keeps the
    last state. message: what to report if it holds. raise_after: seconds that it must hold before
    it is reported; None: as for most findings (`diagnostics.raise_after`).
    """

    name: str
    level: Level
    holds: bool | None
    message: str
    raise_after: float | None = None
