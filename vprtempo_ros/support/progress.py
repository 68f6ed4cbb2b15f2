"""How long-running work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the name of the stage and how much of it is done; may raise to cancel."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note of the progress; `total` is 0 where it is not known."""


def silent(stage: str, done: int, total: int) -> None:
    """Ignore the progress."""
