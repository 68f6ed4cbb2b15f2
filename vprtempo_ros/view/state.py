"""What a running vpr_node has said lately: as much of it as the page shows, and no more."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# The strip of confidence: seconds that it shows, and how far apart its entries are at least.
SPAN, STEP = 60.0, 0.05
# Without an answer for this long, in seconds, something is to be said.
SILENCE = 2.0
# What comes from outside is cut to these numbers.
_STATUSES, _VALUES, _TEXT, _PLACES = 32, 64, 300, 20

OK, WARN, ERROR, STALE = range(4)


class Past(NamedTuple):
    """An answer: when it came, in seconds of the steady clock, and its confidence, 0: unknown."""

    received: float
    confidence: float


class Answer(NamedTuple):
    """A match: stamp, places best first, and their confidences; both empty where unknown."""

    received: float
    stamp_ns: int
    places: tuple[int, ...]
    confidences: tuple[float, ...]


class Pose(NamedTuple):
    """A pose in the plane, metres and radians; covariance float64 (2, 2) of x and y."""

    received: float
    frame_id: str
    x: float
    y: float
    yaw: float
    covariance: NDArray[np.float64]


class Status(NamedTuple):
    """A diagnostic status."""

    name: str
    level: int
    message: str
    values: tuple[tuple[str, str], ...]


class Picture(NamedTuple):
    """A JPEG file with its size in pixels, and a number that is another one for each."""

    number: int
    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True)
class State:
    """
    Everything that is shown, at one timing; never changed, but replaced.

    positions: float64 (places, 3), metres in frame `frame_id`. confidence: float32 (places,).
    """

    node: str
    present: bool = False
    method: str = ''
    map: str = ''
    frame_id: str = ''
    positions: NDArray[np.float64] | None = None
    confidence: NDArray[np.float32] | None = None
    answer: Answer | None = None
    pose: Pose | None = None
    picture: Picture | None = None
    statuses: dict[str, Status] = field(default_factory=dict)
    past: tuple[Past, ...] = ()

    def phase(self, now: float) -> tuple[int, str]:
        """Return a level and a line: what this view has and what it waits for."""
        if not self.present:
            return STALE, f'waiting for {self.node}'
        if self.answer is None:
            return WARN, f'{self.node} is there, waiting for its first answer'
        silence = now - self.answer.received
        if silence > SILENCE:
            return WARN, f'no answer of {self.node} for {silence:.0f} s'
        return OK, 'live'

    def shown_pose(self, now: float) -> Pose | None:
        """Return the pose if it belongs to the present answer; unknown places have none."""
        if self.pose is None or self.answer is None or not self.answer.places:
            return None
        return self.pose if now - self.pose.received < SILENCE else None


class Live:
    """The present state, replaced by whoever hears something new; safe in several threads."""

    def __init__(self, node: str) -> None:
        """Begin without having heard anything of the node of this name."""
        self._lock = threading.Lock()
        self._state = State(text(node))
        self._past: deque[Past] = deque(maxlen=round(SPAN / STEP) + 1)
        self._pictures = 0

    @property
    def state(self) -> State:
        """What is known now."""
        with self._lock:
            return replace(self._state, past=tuple(self._past))

    def set_present(self, present: bool) -> None:
        """Note whether there is such a node; what one that is gone has said is over."""
        with self._lock:
            if self._state.present and not present:
                self._state = replace(
                    self._state,
                    present=False,
                    confidence=None,
                    answer=None,
                    pose=None,
                    picture=None,
                    statuses={},
                )
            elif present and not self._state.present:
                self._state = replace(self._state, present=True)

    def set_info(self, method: str, path: str) -> None:
        """Note how the node recognises, and with which map."""
        self._set(method=text(method), map=text(path), present=True)

    def set_places(self, frame_id: str, positions: NDArray[np.float64]) -> None:
        """Note the places that are somewhere, float64 (n, 3), before any belief came."""
        with self._lock:
            known = self._state.positions
            if known is not None and self._state.frame_id == text(frame_id):
                somewhere = known[np.logical_and.reduce(np.isfinite(known), axis=1)]
                # The same route, told of anew; a belief knows of places that are nowhere, too.
                if somewhere.shape == positions.shape and np.allclose(somewhere, positions, 1e-5):
                    return
            self._state = replace(
                self._state, frame_id=text(frame_id), positions=positions, confidence=None
            )

    def set_belief(
        self, frame_id: str, positions: NDArray[np.float64], confidence: NDArray[np.float32]
    ) -> None:
        """Note every place, float64 (places, 3), and its confidence, float32 (places,)."""
        with self._lock:
            known = self._state.positions
            if (
                known is None
                or len(known) != len(positions)
                or self._state.frame_id != text(frame_id)
            ):
                self._state = replace(self._state, frame_id=text(frame_id), positions=positions)
            self._state = replace(self._state, confidence=confidence)

    def set_answer(
        self, stamp_ns: int, places: tuple[int, ...], confidences: tuple[float, ...]
    ) -> None:
        """Note a match; what is no confidence counts as none."""
        now = time.monotonic()
        shown = tuple(min(value, 1.0) if value > 0.0 else 0.0 for value in confidences[:_PLACES])
        answer = Answer(now, stamp_ns, places[:_PLACES], shown)
        with self._lock:
            self._state = replace(self._state, present=True, answer=answer)
            if not self._past or now - self._past[-1].received >= STEP:
                self._past.append(Past(now, shown[0] if shown else 0.0))

    def set_pose(
        self, frame_id: str, x: float, y: float, yaw: float, covariance: NDArray[np.float64]
    ) -> None:
        """Note a pose."""
        self._set(pose=Pose(time.monotonic(), text(frame_id), x, y, yaw, covariance))

    def set_picture(self, jpeg: bytes, width: int, height: int) -> None:
        """Note the picture of query and match."""
        with self._lock:
            self._pictures += 1
            self._state = replace(self._state, picture=Picture(self._pictures, jpeg, width, height))

    def set_status(
        self, name: str, level: int, message: str, values: list[tuple[str, str]]
    ) -> None:
        """Note a diagnostic status; one of a name takes the place of the one before."""
        status = Status(
            text(name),
            level if level in (OK, WARN, ERROR) else STALE,
            text(message),
            tuple((text(key), text(value)) for key, value in values[:_VALUES]),
        )
        with self._lock:
            statuses = {**self._state.statuses, status.name: status}
            if len(statuses) <= _STATUSES:
                self._state = replace(self._state, statuses=statuses)

    def _set(self, **parts: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **parts)


def text(words: str) -> str:
    """Return a string from outside as one that can be shown: printable, and not without end."""
    return ''.join(letter if letter.isprintable() else ' ' for letter in words[:_TEXT])
