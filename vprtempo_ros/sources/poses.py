"""Poses from messages, interpolated at the stamps of frames."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Collection, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..frames import Pose
from .cdr import Message
from .rigid import Rigid, between

if TYPE_CHECKING:
    from pyproj import Transformer

Origin = tuple[float, float, float]
"""Origin of a local frame in WGS 84: latitude, longitude (degrees), altitude (m)."""
# Poses of which a common step is known.
_ENOUGH = 3
# Data of PROJ from apt.
_SYSTEM_DATA = Path('/usr/share/proj')


class PoseTrack:
    """Stamped poses of one traverse, in one coordinate frame."""

    def __init__(
        self,
        stamps: NDArray[np.int64],
        positions: NDArray[np.float64],
        orientations: NDArray[np.float64],
        frame_id: str,
        max_gap: float,
        breaks: Collection[int] = (),
        on_ground: bool = False,
    ) -> None:
        """
        Sort stamps in ns (n,), positions in m (n, 3) and quaternions xyzw (n, 4) by stamp.

        :param breaks: stamps of poses before which the robot was moved, as by a reset.
        :param on_ground: see `Pose`.
        """
        order = np.argsort(stamps, kind='stable')
        self._stamps = stamps[order]
        self._positions = positions[order]
        self._orientations = orientations[order]
        self.frame_id = frame_id
        self._max_gap_ns = _longest_gap(self._stamps, max_gap)
        self._breaks = frozenset(breaks)
        self._on_ground = on_ground

    def __len__(self) -> int:
        """Return the number of recorded poses."""
        return len(self._stamps)

    def at(self, stamp: int) -> Pose | None:
        """
        Return the pose at a stamp in ns, or None where it is unknown.

        It is interpolated as in `rigid.between`. There is no pose more than max_gap outside the
        track, or in a gap longer than that, which is 1.5 common steps at least where these are
        about max_gap; at a break it is the nearer one.
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
        if second in self._breaks:
            part = float(round(part))
        position, mixed = between(
            Rigid(self._positions[before], self._orientations[before]),
            Rigid(self._positions[after], self._orientations[after]),
            np.array(part),
        )
        x, y, z = (float(value) for value in position)
        qx, qy, qz, qw = (float(value) for value in mixed)
        return Pose((x, y, z), (qx, qy, qz, qw), self.frame_id, self._on_ground)


def _longest_gap(stamps: NDArray[np.int64], max_gap: float) -> int:
    """Return max_gap in ns, or where all poses are about as far apart, more than their jitter."""
    limit = int(max_gap * 1e9)
    common = int(np.median(np.diff(stamps))) if len(stamps) > _ENOUGH else 0
    return max(limit, common * 3 // 2) if common <= limit * 5 // 4 else limit


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


class _Place(NamedTuple):
    """Position and orientation as a message has them; None: it has no orientation."""

    position: _Point
    orientation: _Quaternion | None


def _place(pose: PoseMessage) -> _Place:
    return _Place(pose.position, pose.orientation)


ODOMETRY = 'nav_msgs/msg/Odometry'
_PARTS: dict[str, Callable[[Message], _Place]] = {
    ODOMETRY: lambda m: _place(m.pose.pose),
    'geometry_msgs/msg/PoseStamped': lambda m: _place(m.pose),
    'geometry_msgs/msg/PoseWithCovarianceStamped': lambda m: _place(m.pose.pose),
}
# Of trackers (Vicon, Leica), but also of much that is not where the robot is.
_NAMED: dict[str, Callable[[Message], _Place]] = {
    'geometry_msgs/msg/TransformStamped': lambda m: _Place(
        m.transform.translation, m.transform.rotation
    ),
    'geometry_msgs/msg/PointStamped': lambda m: _Place(m.point, None),
}
FIX = 'sensor_msgs/msg/NavSatFix'
POSE_TYPES = (*_PARTS, FIX)
NAMED_POSE_TYPES = tuple(_NAMED)
"""Types that are read as poses if poses.topic names their topic."""
# Last parts of the names of topics on which a robot is sent to a pose, or set to it: of RViz, Nav2,
# move_base and MAVROS.
_COMMANDS = frozenset(
    (
        'clicked_point',
        'current_goal',
        'goal',
        'goal_pose',
        'goal_update',
        'initialpose',
        'lookahead_point',
    )
)


def is_command(topic: str) -> bool:
    """Return whether poses of a topic, by its name, are not where the robot is."""
    return topic.rpartition('/')[2] in _COMMANDS or '/setpoint_' in topic


class LocalPoses:
    """Converts the poses of a topic to metres one by one; the first GPS fix is the origin."""

    def __init__(self, type_name: str) -> None:
        """
        Expect poses of a type in POSE_TYPES or NAMED_POSE_TYPES.

        :raises SourceError: for GPS, if pyproj is not installed.
        """
        self._is_fix = type_name == FIX
        if self._is_fix:
            _transformer((0.0, 0.0, 0.0))
        self._origin: Origin | None = None

    def local(self, pose: Pose) -> Pose:
        """Return a pose from `pose_of` in metres."""
        if not self._is_fix:
            return pose
        self._origin = self._origin or pose.position
        x, y, z = local_metres(np.array([pose.position]), self._origin)[0].tolist()
        return replace(pose, position=(x, y, z), on_ground=True)


def pose_of(message: Message, type_name: str) -> Pose | None:
    """Return the pose in a message of a type that is read, or None if it is unusable."""
    found = pose_or_reason(message, type_name)
    return None if isinstance(found, str) else found


def pose_or_reason(message: Message, type_name: str) -> Pose | str:
    """
    Return the pose in a message of a type that is read, or what it has that makes it unusable.

    Unusable are values that are not finite, a quaternion of no length or a huge one, and a fix
    without a position (status below 0, not on the globe). The position of a fix is latitude,
    longitude (degrees), altitude (m), which is 0 where it is unknown.
    """
    if type_name == FIX:
        if message.status.status < 0:
            return 'status -1, no fix'
        # Receivers without an altitude report NaN, and only distances on the ground matter.
        height = message.altitude if math.isfinite(message.altitude) else 0.0
        pose = Pose((message.latitude, message.longitude, height))
        if abs(message.latitude) > 90 or abs(message.longitude) > 360:
            return 'no latitude or longitude'
    else:
        p, q = (_PARTS.get(type_name) or _NAMED[type_name])(message)
        turn = (q.x, q.y, q.z, q.w) if q is not None else (0.0, 0.0, 0.0, 1.0)
        # A slash before names is of ROS 1; tf2 refuses it.
        frame_id = message.header.frame_id.lstrip('/') or 'map'
        pose = Pose((p.x, p.y, p.z), turn, frame_id)
    return unusable_values(pose.position + pose.orientation) or pose


def unusable_values(values: tuple[float, ...]) -> str:
    """Return what x, y, z and a quaternion have that makes them no pose; empty: nothing."""
    if not all(map(math.isfinite, values)):
        return 'a value that is not finite'
    if not 1e-9 < (length := math.hypot(*values[3:])) < 1e9:
        return f'a quaternion of length {length:.3g}, no orientation'
    return ''


def local_metres(fixes: NDArray[np.float64], origin: Origin) -> NDArray[np.float64]:
    """
    Convert latitude, longitude (degrees), altitude (m) to metres east, north, up of the origin.

    :param fixes: float64 (n, 3), as is the result.
    :raises SourceError: if pyproj is not installed.
    """
    # As lists: pyproj returns a number for an array with a single element.
    latitudes, longitudes, altitudes = fixes.T.tolist()
    return np.stack(_transformer(origin).transform(longitudes, latitudes, altitudes), axis=1)


def geodetic(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Convert positions in the Earth-centred frame (m) to latitude, longitude (degrees), altitude (m).

    :param places: float64 (n, 3), as is the result.
    :raises SourceError: if pyproj is not installed.
    """
    x, y, z = places.T.tolist()
    longitudes, latitudes, altitudes = _pipeline('').transform(x, y, z, direction='INVERSE')
    return np.stack((latitudes, longitudes, altitudes), axis=1)


@lru_cache(maxsize=4)
def _transformer(origin: Origin) -> Transformer:
    latitude, longitude, altitude = origin
    return _pipeline(
        f'+step +proj=topocentric +ellps=WGS84 +lat_0={latitude!r} +lon_0={longitude!r} '
        f'+h_0={altitude!r}'
    )


def _pipeline(last: str) -> Transformer:
    """Return a conversion of degrees to the Earth-centred frame, and on by the last step."""
    try:
        # Its warning of missing data is none of ours: they are looked for below.
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            from pyproj import Transformer
    except ImportError:
        raise SourceError(
            'GPS poses need pyproj: pip install pyproj (apt: python3-pyproj)'
        ) from None
    _find_data()
    return Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad '
        f'+step +proj=cart +ellps=WGS84 {last}'
    )


def _find_data() -> None:
    """Let pyproj find its data: that of apt looks in the virtual environment instead."""
    from pyproj import datadir
    from pyproj.exceptions import DataDirError

    try:
        datadir.get_data_dir()
    except DataDirError:
        if not (_SYSTEM_DATA / 'proj.db').is_file():
            raise SourceError(
                f'pyproj finds no data, nor is there any in {_SYSTEM_DATA}: pip install '
                '--force-reinstall pyproj (apt: proj-data), or set PROJ_DATA'
            ) from None
        datadir.set_data_dir(str(_SYSTEM_DATA))
