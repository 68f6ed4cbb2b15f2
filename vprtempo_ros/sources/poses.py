"""Poses from messages and bags, interpolated at the stamps of frames."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Callable, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..frames import Pose
from .bags import BagReader
from .cdr import Message, read_message, stamp_ns
from .storage import Topic

if TYPE_CHECKING:
    from pyproj import Transformer

Origin = tuple[float, float, float]
"""Origin of a local frame in WGS 84: latitude, longitude (degrees), altitude (m)."""


class PoseTrack:
    """Stamped poses of one traverse, in one coordinate frame."""

    def __init__(
        self,
        stamps: NDArray[np.int64],
        positions: NDArray[np.float64],
        orientations: NDArray[np.float64],
        frame_id: str,
        max_gap: float,
    ) -> None:
        """Sort stamps in ns (n,), positions in m (n, 3) and quaternions xyzw (n, 4) by stamp."""
        order = np.argsort(stamps, kind='stable')
        self._stamps = stamps[order]
        self._positions = positions[order]
        self._orientations = orientations[order]
        self.frame_id = frame_id
        self._max_gap_ns = int(max_gap * 1e9)

    def __len__(self) -> int:
        """Return the number of recorded poses."""
        return len(self._stamps)

    def at(self, stamp: int) -> Pose | None:
        """
        Return the pose at a stamp in ns, or None where it is unknown.

        Positions are interpolated linearly, orientations along the shorter arc. There is no pose
        more than max_gap outside the track, or in a gap longer than that.
        """
        after = int(np.searchsorted(self._stamps, stamp))
        before = max(after - 1, 0)
        after = min(after, len(self._stamps) - 1)
        if self._stamps[after] == stamp:
            before = after  # A pose with exactly this stamp; the gap before it does not matter.
        first, second = int(self._stamps[before]), int(self._stamps[after])
        if second - first > self._max_gap_ns:
            return None
        if not first - self._max_gap_ns <= stamp <= second + self._max_gap_ns:
            return None
        part = (stamp - first) / (second - first) if second > first else 0.0
        part = min(max(part, 0.0), 1.0)
        position = self._positions[before] * (1 - part) + self._positions[after] * part
        start, end = self._orientations[before], self._orientations[after]
        # q and -q are the same orientation: take the one on the side of `start`.
        mixed = start * (1 - part) + (end if start @ end >= 0 else -end) * part
        length = np.linalg.norm(mixed)
        mixed = mixed / length if length > 1e-9 else np.array([0.0, 0.0, 0.0, 1.0])
        x, y, z = (float(value) for value in position)
        qx, qy, qz, qw = (float(value) for value in mixed)
        return Pose((x, y, z), (qx, qy, qz, qw), self.frame_id)


class _Point(Protocol):
    x: float
    y: float
    z: float


class _Quaternion(_Point, Protocol):
    w: float


class PoseMessage(Protocol):
    """A geometry_msgs/Pose."""

    position: _Point
    orientation: _Quaternion


ODOMETRY = 'nav_msgs/msg/Odometry'
_PARTS: dict[str, Callable[[Message], PoseMessage]] = {
    ODOMETRY: lambda m: m.pose.pose,
    'geometry_msgs/msg/PoseStamped': lambda m: m.pose,
    'geometry_msgs/msg/PoseWithCovarianceStamped': lambda m: m.pose.pose,
}
_FIX = 'sensor_msgs/msg/NavSatFix'
POSE_TYPES = (*_PARTS, _FIX)


class LocalPoses:
    """Converts the poses of a topic to metres one by one; the first GPS fix is the origin."""

    def __init__(self, type_name: str) -> None:
        """
        Expect poses of a type in POSE_TYPES.

        :raises SourceError: for GPS, if pyproj is not installed.
        """
        self._is_fix = type_name == _FIX
        if self._is_fix:
            _transformer((0.0, 0.0, 0.0))
        self._origin: Origin | None = None

    def local(self, pose: Pose) -> Pose:
        """Return a pose from `pose_of` in metres."""
        if not self._is_fix:
            return pose
        self._origin = self._origin or pose.position
        x, y, z = local_metres(np.array([pose.position]), self._origin)[0].tolist()
        return replace(pose, position=(x, y, z))


def pose_of(message: Message, type_name: str) -> Pose | None:
    """
    Return the pose in a message of a type in POSE_TYPES, or None if it is unusable.

    Unusable are values that are not finite, a zero quaternion, and a fix without a position
    (status below 0, not on the globe). The position of a fix is latitude, longitude (degrees),
    altitude (m).
    """
    if type_name == _FIX:
        # Receivers without an altitude report NaN, and only distances on the ground matter.
        height = message.altitude if math.isfinite(message.altitude) else 0.0
        pose = Pose((message.latitude, message.longitude, height))
        usable = (
            message.status.status >= 0
            and abs(message.latitude) <= 90
            and abs(message.longitude) <= 360
        )
    else:
        part = _PARTS[type_name](message)
        p, q = part.position, part.orientation
        pose = Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w), message.header.frame_id or 'map')
        usable = math.hypot(*pose.orientation) > 1e-9
    usable = usable and all(map(math.isfinite, pose.position + pose.orientation))
    return pose if usable else None


def read_poses(
    bag: BagReader, topic: Topic, max_gap: float, origin: Origin | None = None
) -> tuple[PoseTrack, Origin | None]:
    """
    Read a whole pose topic into memory, a few dozen bytes per pose.

    NavSatFix becomes metres east, north and up of `origin`, or of the first fix if that is None;
    the origin used is returned (None for other types). Unusable poses are left out.

    :raises SourceError: if the topic holds no usable pose, or poses in several coordinate frames.
    """
    stamps: list[int] = []
    poses: list[Pose] = []
    for raw in bag.messages([topic.name]):
        message = read_message(raw.data, topic.type)
        pose = pose_of(message, topic.type)
        if pose:
            stamps.append(stamp_ns(message.header) or raw.stamp_ns)
            poses.append(pose)
    if not stamps:
        raise SourceError(
            f'{bag.path}: {topic.name} holds no usable pose; name another topic in '
            'poses.topic, or none'
        )
    frames = sorted({pose.frame_id for pose in poses})
    if len(frames) > 1:
        raise SourceError(
            f'{bag.path}: expected all poses of {topic.name} in one frame, found '
            f'{" and ".join(map(repr, frames[:4]))}: did two nodes publish them? Name '
            'another topic in poses.topic, or none'
        )
    positions = np.array([pose.position for pose in poses])
    if topic.type == _FIX:
        origin = origin or poses[0].position
        positions = local_metres(positions, origin)
    else:
        origin = None
    track = PoseTrack(
        np.array(stamps, np.int64),
        positions,
        np.array([pose.orientation for pose in poses]),
        frames[0],
        max_gap,
    )
    return track, origin


def local_metres(fixes: NDArray[np.float64], origin: Origin) -> NDArray[np.float64]:
    """
    Convert latitude, longitude (degrees), altitude (m) to metres east, north, up of the origin.

    :param fixes: float64 (n, 3), as is the result.
    :raises SourceError: if pyproj is not installed.
    """
    # As lists: pyproj returns a number for an array with a single element.
    latitudes, longitudes, altitudes = fixes.T.tolist()
    return np.stack(_transformer(origin).transform(longitudes, latitudes, altitudes), axis=1)


@lru_cache(maxsize=4)
def _transformer(origin: Origin) -> Transformer:
    try:
        from pyproj import Transformer
    except ImportError:
        raise SourceError(
            'GPS poses need pyproj: pip install pyproj (apt: python3-pyproj)'
        ) from None
    latitude, longitude, altitude = origin
    return Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad '
        '+step +proj=cart +ellps=WGS84 '
        f'+step +proj=topocentric +ellps=WGS84 +lat_0={latitude!r} +lon_0={longitude!r} '
        f'+h_0={altitude!r}'
    )
