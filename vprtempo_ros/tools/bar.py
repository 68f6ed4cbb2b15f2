"""Progress as one bar in the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tqdm import tqdm


class Bar:
    """A `ProgressCallback` that shows the present stage; use it in a with statement."""

    def __init__(self) -> None:
        """Begin without a stage."""
        self._bar: Any = None
        self._stage = ''

    def __enter__(self) -> Bar:
        """Return the bar."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the bar away."""
        if self._bar is not None:
            self._bar.close()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note of the progress; `total` is 0 where it is not known."""
        if self._bar is None:
            self._bar = tqdm(unit='frame', leave=False, dynamic_ncols=True, disable=None)
        # The same stage begins anew for another recording.
        if stage != self._stage or done < self._bar.n:
            self._stage = stage
            self._bar.reset(total or None)
            self._bar.set_description(stage)
        self._bar.update(done - self._bar.n)
