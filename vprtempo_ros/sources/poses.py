"""Poses from a bag, interpolated at the stamps of frames."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..frames import Pose
from .bags import BagReader, Topic
from .cdr import read_message, stamp_ns

# World Geodetic System 1984 origin of a local frame: latitude, longitude (degrees), altitude (m).
Origin = tuple[float, float, float]


class PoseTrack:
    """Stamped poses of one traverse, in one frame."""

    def __init__(
        self,
        stamps: NDArray[np.int64],
        positions: NDArray[np.float64],
        orientations: NDArray[np.float64],
        frame_id: str,
        max_gap: float,
    ) -> None:
        """Take stamps in ns (n,), positions in m (n, 3), quaternions xyzw (n, 4), in any order."""
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
        Return the pose at a stamp in ns, or None where it is not known.

        Positions are interpolated linearly, orientations along the shorter arc. A stamp further
        than max_gap outside the track, or in a gap longer than that, has no pose.
        """
        after = int(np.searchsorted(self._stamps, stamp))
        before = max(after - 1, 0)
        after = min(after, len(self._stamps) - 1)
        if self._stamps[after] == stamp:
            before = after  # A pose of this very stamp, however far the one before it is.
        first, second = int(self._stamps[before]), int(self._stamps[after])
        if second - first > self._max_gap_ns:
            return None
        if not first - self._max_gap_ns <= stamp <= second + self._max_gap_ns:
            return None
        part = (stamp - first) / (second - first) if second > first else 0.0
        part = min(max(part, 0.0), 1.0)
        position = self._positions[before] * (1 - part) + self._positions[after] * part
        start, end = self._orientations[before], self._orientations[after]
        # Of the two quaternions of an orientation, the one on the same side.
        mixed = start * (1 - part) + (end if start @ end >= 0 else -end) * part
        length = np.linalg.norm(mixed)
        mixed = mixed / length if length > 1e-9 else np.array([0.0, 0.0, 0.0, 1.0])
        x, y, z = (float(value) for value in position)
        qx, qy, qz, qw = (float(value) for value in mixed)
        return Pose((x, y, z), (qx, qy, qz, qw), self.frame_id)


ODOMETRY = 'nav_msgs/msg/Odometry'
_PARTS: dict[str, Callable[[Any], Any]] = {
    ODOMETRY: lambda m: m.pose.pose,
    'geometry_msgs/msg/PoseStamped': lambda m: m.pose,
    'geometry_msgs/msg/PoseWithCovarianceStamped': lambda m: m.pose.pose,
}
_FIX = 'sensor_msgs/msg/NavSatFix'
POSE_TYPES = (*_PARTS, _FIX)


class LocalPoses:
    """Brings the poses of a topic into metres one by one; of GPS the first is the origin."""

    def __init__(self, type_name: str) -> None:
        """
        Expect poses of one of POSE_TYPES.

        :raises SourceError: if they are of GPS and pyproj is not installed.
        """
        self._is_fix = type_name == _FIX
        if self._is_fix:
            _transformer((0.0, 0.0, 0.0))
        self._origin: Origin | None = None

    def local(self, pose: Pose) -> Pose:
        """Return what `pose_of` gave in metres."""
        if not self._is_fix:
            return pose
        self._origin = self._origin or pose.position
        x, y, z = local_metres(np.array([pose.position]), self._origin)[0].tolist()
        return replace(pose, position=(x, y, z))


def pose_of(message: Any, type_name: str) -> Pose | None:
    """
    Return the pose in a message of one of POSE_TYPES, or None where it holds none.

    That is a value that is not finite, a quaternion of zeros, or a fix without a position (status
    below 0, not on the globe). Of a fix the position is latitude, longitude (degrees), altitude.
    """
    if type_name == _FIX:
        # Receivers without a height report NaN; a route is matched on the ground anyway.
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
    Read a whole pose topic; a few dozen bytes a pose stay in memory.

    NavSatFix becomes metres east, north and up of `origin`, or of the first fix where none is
    given; the origin used is returned (None for the other types). Fixes without a position
    (status below 0, not finite or not on the globe) are left out.

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
            f'{" and ".join(map(repr, frames[:4]))}: did two nodes publish it? Name '
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
    Turn latitude, longitude (degrees), altitude (m) into metres east, north, up of the origin.

    :param fixes: float64 (n, 3), as is the result.
    :raises SourceError: if pyproj is not installed.
    """
    # As lists: of an array with a single element pyproj makes a number.
    latitudes, longitudes, altitudes = fixes.T.tolist()
    return np.stack(_transformer(origin).transform(longitudes, latitudes, altitudes), axis=1)


@lru_cache(maxsize=4)
def _transformer(origin: Origin) -> Any:
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
