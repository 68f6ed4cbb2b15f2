"""Progress as a bar in the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import NoReturn

from tqdm import tqdm


class ProgressBar:
    """A `ProgressCallback` that shows the current stage; use it in a with statement."""

    def __init__(self) -> None:
        """Begin without a stage."""
        self._bar: tqdm[NoReturn] | None = None
        self._stage = ''

    def __enter__(self) -> ProgressBar:
        """Return the bar."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show the progress; `total` is 0 if it is unknown."""
        if self._bar is None:
            self._bar = tqdm(unit='frame', leave=False, dynamic_ncols=True, disable=None)
        # The same stage begins again for the next recording.
        if stage != self._stage or done < self._bar.n:
            self._stage = stage
            self._bar.reset(total or None)
            self._bar.set_description(stage)
        self._bar.update(done - self._bar.n)
