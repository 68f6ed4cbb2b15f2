"""How long-running work reports its progress."""

from __future__ import annotations

from typing import Protocol


class ProgressCallback(Protocol):
    """Called with the name of a stage and how much of it is done; may raise to cancel the work."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report the progress; `total` is 0 where it is not known."""


def silent(stage: str, done: int, total: int) -> None:
    """Ignore the progress."""


def part_of(whole: ProgressCallback, name: str, first: int, size: int, of: int) -> ProgressCallback:
    """
    Return the callback of a part of a stage, which counts in units of its own.

    :param name: the stage that is reported, whichever the part names.
    :param first, size: the part covers `first` to `first` + `size` of the stage's `of`.
    """

    def report(stage: str, done: int, total: int) -> None:
        whole(name, first + size * done // total, of)

    return report
