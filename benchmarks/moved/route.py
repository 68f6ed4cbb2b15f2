"""Traverses of rendered routes as arrays: pictures, poses, stamps and which place is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .caster import Caster
from .day import Day
from .drive import crowd, drive
from .scene import Floats
from .sensor import Exposure, Fisheye, rolled
from .world import RouteWorld

REFERENCE = Day('reference', seed=1)
"""The day of the map: midday, an empty way, along its middle."""


@dataclass(frozen=True)
class Traverse:
    """
    The frames of one traverse.

    `images` is uint8 (n, height, width); `poses` float64 (n, 3), the camera's x and y in metres
    and yaw in radians; `line` the same of the nearest point of the route; `stamps` float64 (n,)
    in seconds.
    """

    images: NDArray[np.uint8]
    poses: Floats
    line: Floats
    stamps: Floats


def render(
    world: RouteWorld,
    day: Day,
    spacing: float | None = None,
    size: tuple[int, int] = (120, 160),
    frames: slice = slice(None),
) -> Traverse:
    """
    Return the route as it was seen on the day.

    The day named as REFERENCE is takes the route without detours. Frames are `spacing` metres
    apart at the reference's speed (the world's own spacing if None); `size` is (height, width).
    `frames` picks some of them, but all look as they do among the others only if it starts at 0,
    for exposure lags. The same world, day and size give the same arrays.
    """
    spacing = spacing or world.spacing
    rng = np.random.default_rng((world.seed, day.seed, 31))
    legs = world.reference() if day.name == REFERENCE.name else world.legs(day, rng)
    poses = drive(legs, day, spacing, spacing / world.pace)
    scene, mount = world.scene(day), world.mount
    caster = Caster(scene, size, mount.field, mount.height + day.driving.lift, mount.horizon)
    bend = Fisheye(size, mount.fisheye, mount.field) if mount.fisheye else None
    expose = Exposure(day.sensor, size)
    extra = crowd(world, day, poses.camera)
    light = float(np.median(scene.gains))
    images = []
    for i in range(*frames.indices(len(poses.stamps))):
        x, y, yaw = poses.camera[i]
        seen = caster.render(x, y, yaw, float(poses.pitch[i]), extra[i], light)
        seen = rolled(seen, float(poses.roll[i]))
        if bend:
            seen = bend(seen)
        images.append(expose(seen, np.random.default_rng((world.seed, day.seed, 32, i))))
    return Traverse(
        np.stack(images), poses.camera[frames], poses.line[frames], poses.stamps[frames]
    )


def nearest_places(query: Traverse, reference: Traverse) -> NDArray[np.int64]:
    """
    Return for each query frame the reference frame taken nearest to it, -1 off the map.

    Nearness is measured along the way, not across it: a view from two metres to the side is
    still of that place. Off the map is farther than a reference step from all of its line, or
    turned by more than 60 degrees from where it points.
    """
    gaps = np.linalg.norm(query.line[:, None, :2] - reference.line[None, :, :2], axis=2)
    turned = np.angle(np.exp(1j * (query.line[:, None, 2] - reference.line[None, :, 2])))
    step = float(np.median(np.linalg.norm(np.diff(reference.line[:, :2], axis=0), axis=1)))
    gaps = np.where(np.abs(turned) > np.pi / 3, np.inf, gaps)
    best = gaps.argmin(axis=1)
    return np.where(gaps.min(axis=1) <= 1.2 * step, best, -1)
