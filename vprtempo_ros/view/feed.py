"""The page's parts for any number of clients: each change is drawn once and sent to all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .panels import PageParts, Panels
from .state import LiveState
from .theme import PAGE

# Minimum time between two drawings, and maximum time that a client waits for a change, in s.
_PERIOD, _WAIT = 0.1, 2.0


class Feed:
    """Draws the state in its own thread, at most 10 times a second, while clients are connected."""

    def __init__(self, live: LiveState) -> None:
        """Start the thread."""
        self._live = live
        self._panels = Panels(PAGE)
        self._changed = threading.Condition()
        self._parts: dict[str, tuple[int, object]] = {}
        self._revision = 0
        self._watchers = 0
        self._running = True
        self._thread = threading.Thread(target=self._run, name='feed', daemon=True)
        self._thread.start()

    @property
    def watched(self) -> bool:
        """Whether clients are connected."""
        return self._watchers > 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count a client as connected."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def after(self, revision: int) -> tuple[int, PageParts] | None:
        """
        Wait for a change; return the current revision and the parts changed after the given one.

        A slow client skips revisions, not parts. The parts are empty if nothing has changed for
        2 s; None means that the feed has been closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._revision > revision or not self._running, _WAIT)
            if not self._running:
                return None
            return self._revision, {
                name: value for name, (changed, value) in self._parts.items() if changed > revision
            }

    def close(self) -> None:
        """End the thread and release all waiting clients."""
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
            except Exception as error:  # noqa: BLE001 - shown on the page; drawing goes on
                parts = {'phase': {'level': 'error', 'text': f'cannot be drawn: {error}'}}
            with self._changed:
                self._publish(parts)
                self._changed.wait_for(
                    lambda: not self._running, max(_PERIOD - (time.monotonic() - started), 0.01)
                )

    def _publish(self, parts: PageParts) -> None:
        new = [
            name
            for name, value in parts.items()
            if name not in self._parts or self._parts[name][1] != value
        ]
        if new:
            self._revision += 1
            self._parts.update({name: (self._revision, parts[name]) for name in new})
            self._changed.notify_all()
