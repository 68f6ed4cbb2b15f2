"""The poses of a map in the coordinate frame of another one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple, Sequence

from ..errors import MapError
from ..frames import Pose
from .alike import frame_id_of
from .content import MapContent

# Beyond this a coordinate in metres is a mistake: half of the equator.
_FARTHEST = 2e7
# Radians; more are degrees.
_TURN = 2 * math.pi


class Transform(NamedTuple):
    """
    Where the origin of a frame is in another one: x and y in metres, yaw in radians.

    Both have z upwards (REP-105), so heights stay.
    """

    x: float
    y: float
    yaw: float

    @classmethod
    def of(cls, words: Sequence[str]) -> Transform:
        """
        Return the transform that three numbers stand for.

        :raises MapError: if they are none, or no transform between frames of maps.
        """
        try:
            x, y, yaw = map(float, words)
        except ValueError:
            raise MapError(
                f'expected a transform as three numbers, x and y in metres and yaw in radians, '
                f'found {" ".join(words)!r:.100}'
            ) from None
        # Written so that NaN fails too.
        if not (abs(x) <= _FARTHEST and abs(y) <= _FARTHEST):
            raise MapError(
                f'expected x and y of a transform in metres, up to {_FARTHEST:g}, found {x:g} and '
                f'{y:g}'
            )
        if not abs(yaw) <= _TURN:
            raise MapError(
                f'expected the yaw of a transform in radians, -{_TURN:.3f} to {_TURN:.3f}, found '
                f'{yaw:g}'
            )
        return cls(x, y, yaw)

    def __call__(self, pose: Pose, frame_id: str) -> Pose:
        """Return a pose of the inner frame in the outer one, which is called `frame_id`."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        x, y, z = pose.position
        # The quaternion of the yaw, times that of the pose.
        w1, z1 = math.cos(self.yaw / 2), math.sin(self.yaw / 2)
        qx, qy, qz, qw = pose.orientation
        return Pose(
            (self.x + c * x - s * y, self.y + s * x + c * y, z),
            (w1 * qx - z1 * qy, w1 * qy + z1 * qx, w1 * qz + z1 * qw, w1 * qw - z1 * qz),
            frame_id,
        )


def in_frame_of(first: MapContent, second: MapContent, transform: Transform) -> MapContent:
    """
    Return the second content with its poses in the coordinate frame of the first.

    :param transform: of the origin of the second one's frame in the first one's.
    :raises MapError: if one of them has no poses.
    """
    frame_id = frame_id_of(first.places)
    if frame_id is None or frame_id_of(second.places) is None:
        which = 'first' if frame_id is None else 'second'
        raise MapError(f'expected poses to transform, but the {which} map has none')
    places = [
        replace(place, pose=transform(place.pose, frame_id)) if place.pose else place
        for place in second.places
    ]
    return replace(second, places=places, origin=first.origin)
