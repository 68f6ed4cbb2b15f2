"""Counting the places of a drive while it is recorded, from stamps and poses alone."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..config import EventsConfig, TrainerConfig
from ..frames import Pose
from ..sources.poses import PoseTrack
from .places import due_by

# Maximum number of frames that wait for the next pose.
_WAITING = 1000


class PlaceCounter:
    """
    Counts the places that training would take from the frames and poses so far.

    It does not see images: frames without contrast and those of stops count here, but not in the
    map. `places` is None where the number is unknown: with event windows by count.
    """

    def __init__(self, config: TrainerConfig) -> None:
        """Count with the settings of a training."""
        self.frames = 0
        self._config = config
        self._due = due_by(config.places)
        self._with_poses = config.places.by == 'metres'
        self._counted = 0
        self._left_out = 0
        self._windows = _Windows(config.input.events) if config.input.type == 'events' else None
        self._waiting: deque[int] = deque(maxlen=_WAITING)
        self._last: tuple[int, Pose] | None = None
        self._track: PoseTrack | None = None

    @property
    def places(self) -> int | None:
        """Number of places so far."""
        if self._windows is not None and not self._windows.known:
            return None
        most = self._config.places.count
        return min(self._counted, most) if most else self._counted

    def add_frame(self, stamp_ns: int) -> None:
        """Count a frame, or a packet of events, with this stamp."""
        if self._windows is None:
            self._add(stamp_ns)
            return
        for stamp in self._windows.completed(stamp_ns):
            self._add(stamp)

    def add_pose(self, stamp_ns: int, pose: Pose) -> None:
        """Take the next pose, in metres; frames before it are interpolated between two poses."""
        if not self._with_poses:
            return
        stamps, poses = [stamp_ns], [pose]
        if self._last is not None and self._last[0] < stamp_ns:
            stamps, poses = [self._last[0], stamp_ns], [self._last[1], pose]
        self._track = PoseTrack(
            np.array(stamps, np.int64),
            np.array([p.position for p in poses]),
            np.array([p.orientation for p in poses]),
            pose.frame_id,
            self._config.poses.max_gap,
            on_ground=pose.on_ground,
        )
        self._last = stamp_ns, pose
        self._ask_waiting()

    def _add(self, stamp_ns: int) -> None:
        if self._left_out < self._config.input.start:
            self._left_out += 1
        elif self._with_poses:
            self._waiting.append(stamp_ns)
            self._ask_waiting()
        else:
            self._ask(stamp_ns, None)

    def _ask_waiting(self) -> None:
        while (
            self._last is not None
            and self._track is not None
            and self._waiting
            and self._waiting[0] <= self._last[0]
        ):
            stamp = self._waiting.popleft()
            self._ask(stamp, self._track.at(stamp))

    def _ask(self, stamp_ns: int, pose: Pose | None) -> None:
        self._counted += self._due(self.frames, stamp_ns, pose)
        self.frames += 1


class _Windows:
    """Stamps of the time windows that event packets complete, as in `events.accumulator`."""

    def __init__(self, config: EventsConfig) -> None:
        self.known = config.window != 'count'
        self._period_ns = round(config.period * 1e9)
        self._current: int | None = None
        self._whole = False

    def completed(self, stamp_ns: int) -> list[int]:
        """Return the ends of the whole windows before the one in which this packet begins."""
        window, inside = divmod(stamp_ns, self._period_ns)
        before, self._current = self._current, window
        if before is None or window < before:
            self._whole = inside == 0
            return []
        if window == before:
            return []
        # One window without the begin of a packet is filled by the last packet; more are a pause.
        ends = [before + 1, window] if window == before + 2 else [before + 1]
        ends, self._whole = (ends if self._whole else ends[1:]), True
        return [end * self._period_ns for end in ends]
