"""The page's state: the latest messages of a running vpr_node, reduced to what the page shows."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The chart of confidence over time: seconds shown, and minimum time between two samples.
SPAN, STEP = 60.0, 0.05
# After this long without a result, in seconds, the page says so.
SILENCE = 2.0
# Limits for data from messages: statuses, values of each, characters of a text, places.
_STATUSES, _VALUES, _TEXT, _PLACES = 32, 64, 300, 20

OK, WARN, ERROR, STALE = range(4)


class ConfidenceSample(NamedTuple):
    """Time of a result, in seconds of the steady clock, and its confidence; 0: unknown place."""

    received: float
    confidence: float


class ShownMatch(NamedTuple):
    """A match: stamp, places best first, and their confidences; both empty for an unknown place."""

    received: float
    stamp_ns: int
    places: tuple[int, ...]
    confidences: tuple[float, ...]


class PlanePose(NamedTuple):
    """A pose in the plane, metres and radians; covariance float64 (2, 2) of x and y."""

    received: float
    frame_id: str
    x: float
    y: float
    yaw: float
    covariance: NDArray[np.float64]


class ShownStatus(NamedTuple):
    """A diagnostic status."""

    name: str
    level: int
    message: str
    values: tuple[tuple[str, str], ...]


class MatchPicture(NamedTuple):
    """Query and match as a JPEG file, its size in pixels, and a number that identifies it."""

    number: int
    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True)
class PageState:
    """
    Everything the page shows at one time; immutable.

    positions: float64 (places, 3), metres in frame `frame_id`. confidence: float32 (places,).
    history: confidences of the last minute, oldest first.
    """

    node: str
    present: bool = False
    method: str = ''
    map: str = ''
    frame_id: str = ''
    positions: NDArray[np.float64] | None = None
    confidence: NDArray[np.float32] | None = None
    match: ShownMatch | None = None
    pose: PlanePose | None = None
    picture: MatchPicture | None = None
    statuses: dict[str, ShownStatus] = field(default_factory=dict)
    history: tuple[ConfidenceSample, ...] = ()

    def phase(self, now: float) -> tuple[int, str]:
        """Return a level and a line: what the page has and what it is waiting for."""
        if not self.present:
            return STALE, f'waiting for {self.node}'
        if self.match is None:
            return WARN, f'{self.node} is running, waiting for its first result'
        silence = now - self.match.received
        if silence > SILENCE:
            return WARN, f'no result from {self.node} for {silence:.0f} s'
        return OK, 'live'

    def shown_pose(self, now: float) -> PlanePose | None:
        """Return the pose if it belongs to the current match; an unknown place has none."""
        if self.pose is None or self.match is None or not self.match.places:
            return None
        return self.pose if now - self.pose.received < SILENCE else None


class LiveState:
    """Keeps the current state and replaces it as messages arrive; thread-safe."""

    def __init__(self, node: str) -> None:
        """Begin with the empty state of the node of this name."""
        self._lock = threading.Lock()
        self._state = PageState(text(node))
        self._history: deque[ConfidenceSample] = deque(maxlen=round(SPAN / STEP) + 1)
        self._pictures = 0

    @property
    def state(self) -> PageState:
        """The current state."""
        with self._lock:
            return replace(self._state, history=tuple(self._history))

    def set_present(self, present: bool) -> None:
        """Set whether the node is running; when it ends, its results are cleared."""
        with self._lock:
            if self._state.present and not present:
                self._state = replace(
                    self._state,
                    present=False,
                    confidence=None,
                    match=None,
                    pose=None,
                    picture=None,
                    statuses={},
                )
            elif present and not self._state.present:
                self._state = replace(self._state, present=True)

    def set_info(self, method: str, path: str) -> None:
        """Set the node's method and the path of its map."""
        self._change(
            lambda state: replace(state, method=text(method), map=text(path), present=True)
        )

    def set_places(self, frame_id: str, positions: NDArray[np.float64]) -> None:
        """Set the places that have a position, float64 (n, 3), before a belief has arrived."""
        with self._lock:
            known = self._state.positions
            if known is not None and self._state.frame_id == text(frame_id):
                located = known[np.logical_and.reduce(np.isfinite(known), axis=1)]
                # The same route, sent again. A belief has the places without a position too.
                if located.shape == positions.shape and np.allclose(located, positions, 1e-5):
                    return
            self._state = replace(
                self._state, frame_id=text(frame_id), positions=positions, confidence=None
            )

    def set_belief(
        self, frame_id: str, positions: NDArray[np.float64], confidence: NDArray[np.float32]
    ) -> None:
        """Set all places, float64 (places, 3), and their confidences, float32 (places,)."""
        with self._lock:
            known = self._state.positions
            if (
                known is None
                or len(known) != len(positions)
                or self._state.frame_id != text(frame_id)
            ):
                self._state = replace(self._state, frame_id=text(frame_id), positions=positions)
            self._state = replace(self._state, confidence=confidence)

    def set_match(
        self, stamp_ns: int, places: tuple[int, ...], confidences: tuple[float, ...]
    ) -> None:
        """Set the match; confidences are clipped to 0 to 1, NaN counts as 0."""
        now = time.monotonic()
        shown = tuple(min(value, 1.0) if value > 0.0 else 0.0 for value in confidences[:_PLACES])
        match = ShownMatch(now, stamp_ns, places[:_PLACES], shown)
        with self._lock:
            self._state = replace(self._state, present=True, match=match)
            if not self._history or now - self._history[-1].received >= STEP:
                self._history.append(ConfidenceSample(now, shown[0] if shown else 0.0))

    def set_pose(
        self, frame_id: str, x: float, y: float, yaw: float, covariance: NDArray[np.float64]
    ) -> None:
        """Set the pose."""
        pose = PlanePose(time.monotonic(), text(frame_id), x, y, yaw, covariance)
        self._change(lambda state: replace(state, pose=pose))

    def set_picture(self, jpeg: bytes, width: int, height: int) -> None:
        """Set the picture of query and match."""
        with self._lock:
            self._pictures += 1
            self._state = replace(
                self._state, picture=MatchPicture(self._pictures, jpeg, width, height)
            )

    def set_status(
        self, name: str, level: int, message: str, values: list[tuple[str, str]]
    ) -> None:
        """Set a diagnostic status; it replaces the previous one of the same name."""
        status = ShownStatus(
            text(name),
            level if level in (OK, WARN, ERROR) else STALE,
            text(message),
            tuple((text(key), text(value)) for key, value in values[:_VALUES]),
        )
        with self._lock:
            statuses = {**self._state.statuses, status.name: status}
            if len(statuses) <= _STATUSES:
                self._state = replace(self._state, statuses=statuses)

    def _change(self, change: Callable[[PageState], PageState]) -> None:
        with self._lock:
            self._state = change(self._state)


def text(words: str) -> str:
    """Return a string from a message with printable characters only, and of limited length."""
    return ''.join(letter if letter.isprintable() else ' ' for letter in words[:_TEXT])
