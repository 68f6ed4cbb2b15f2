"""The page's parts for any number of clients: drawn once, and sent where they changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .panels import Panels
from .state import Live
from .theme import PAGE

# Seconds between two drawings at least; and how long one takes to be told that nothing changed.
_PERIOD, _PATIENCE = 0.1, 2.0


class Feed:
    """Draws the state in a thread of its own, at most 10 times a second, while somebody looks."""

    def __init__(self, live: Live) -> None:
        """Start the thread."""
        self._live = live
        self._panels = Panels(PAGE)
        self._changed = threading.Condition()
        self._parts: dict[str, tuple[int, Any]] = {}
        self._revision = 0
        self._watchers = 0
        self._running = True
        self._thread = threading.Thread(target=self._run, name='feed', daemon=True)
        self._thread.start()

    @property
    def watched(self) -> bool:
        """Whether anybody looks."""
        return self._watchers > 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count somebody as looking."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def after(self, revision: int) -> tuple[int, dict[str, Any]] | None:
        """
        Return the parts that changed after a revision, and the present one; waits for a change.

        A client that is slow misses revisions, not parts. Where nothing changes for a while there
        are none; None means that the feed has ended.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._revision > revision or not self._running, _PATIENCE
            )
            if not self._running:
                return None
            return self._revision, {
                name: value for name, (changed, value) in self._parts.items() if changed > revision
            }

    def close(self) -> None:
        """End the thread, and let all clients go."""
        with self._changed:
            self._running = False
            self._changed.notify_all()
        self._thread.join()

    def _count(self, change: int) -> None:
        with self._changed:
            self._watchers += change
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._watchers or not self._running)
                if not self._running:
                    return
            started = time.monotonic()
            try:
                parts = self._panels.parts(self._live.state, started)
            except Exception as error:  # noqa: BLE001 - the page says so, and goes on with the next
                parts = {'phase': {'level': 'error', 'text': f'cannot be drawn: {error}'}}
            with self._changed:
                self._take(parts)
                self._changed.wait_for(
                    lambda: not self._running, max(_PERIOD - (time.monotonic() - started), 0.01)
                )

    def _take(self, parts: dict[str, Any]) -> None:
        new = [
            name
            for name, value in parts.items()
            if name not in self._parts or self._parts[name][1] != value
        ]
        if new:
            self._revision += 1
            self._parts.update({name: (self._revision, parts[name]) for name in new})
            self._changed.notify_all()
