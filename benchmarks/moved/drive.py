"""Where the camera is in each frame of a traverse, and what gets in its way."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np

from .day import Day
from .scene import TURNING, Floats, Quad
from .track import Leg, Poses, wander
from .world import Passer, RouteWorld


def drive(legs: list[Leg], day: Day, spacing: float, period: float) -> Poses:
    """
    Return the poses of a traverse along legs.

    At the reference's speed frames are `spacing` metres and always `period` seconds apart, with
    a little jitter.
    """
    how = day.driving
    rng = np.random.default_rng((day.seed, 21))
    phases = [np.random.default_rng((day.seed, 22, i)) for i in range(5)]
    step = spacing * how.speed
    total = sum(leg.end - leg.start for leg in legs)
    stopping = sorted(rng.uniform(0.08, 0.92, how.stops) * total)
    where: list[tuple[int, float]] = []
    covered = 0.0
    # Speed swells along the way, with the same wave whichever leg it is.
    metres = np.arange(0.0, total + 2 * step, step)
    pace = 1.0 + how.surge * np.clip(wander(phases[0], metres, 40.0), -1.0, 1.0)
    for number, leg in enumerate(legs):
        at = leg.start
        while at <= leg.end:
            where.append((number, at))
            if stopping and covered >= stopping[0]:
                stopping.pop(0)
                where += [(number, at)] * how.stop_frames
            advance = step * float(np.interp(covered, metres, pace))
            at, covered = at + advance, covered + advance
    line, camera = np.zeros((len(where), 3)), np.zeros((len(where), 3))
    which, along = np.array([n for n, _ in where]), np.array([s for _, s in where])
    starts = np.cumsum([0.0, *(leg.end - leg.start for leg in legs)])
    turns, tips, rolls = (np.zeros(len(where)) for _ in range(3))
    for number, leg in enumerate(legs):
        mine = which == number
        s = along[mine]
        way = s - leg.start + starts[number]  # metres driven so far: no jump in the wander
        room = leg.track.room(s)
        left = np.clip(how.shift + how.drift * wander(phases[1], way, 25.0), -room, room)
        heading = leg.track.heading(s)
        line[mine] = np.column_stack([leg.track.at(s), heading])
        turns[mine] = radians(how.yaw) + radians(how.wobble) * wander(phases[2], way, 6.0)
        tips[mine] = radians(how.tilt) + radians(how.bounce) * wander(phases[3], way, 2.3)
        rolls[mine] = radians(how.roll) * wander(phases[4], way, 2.9)
        camera[mine] = np.column_stack([leg.track.at(s, left), heading + turns[mine]])
    for poses in (line, camera):
        poses[:, 2] = np.angle(np.exp(1j * poses[:, 2]))
    stamps = (np.arange(len(where)) + rng.uniform(-0.05, 0.05, len(where))) * period
    return Poses(camera, line, stamps - stamps[0], tips, rolls)


def crowd(world: RouteWorld, day: Day, camera: Floats) -> list[list[Quad]]:
    """Return for each frame who is in the way, as quads in the world."""
    rng = np.random.default_rng((day.seed, 23))
    frames = len(camera)
    seen: list[list[Quad]] = [[] for _ in range(frames)]
    left = round(day.changes.crowd * frames)
    while left > 0:
        length = int(rng.integers(6, 28))
        start = int(rng.integers(-4, frames))
        for _ in range(1 + int(rng.random() < 0.3)):
            _meet(seen, camera, world.passer(rng), start, length, rng)
        left = round(day.changes.crowd * frames) - sum(1 for quads in seen if quads)
    return seen


def _meet(
    seen: list[list[Quad]],
    camera: Floats,
    one: Passer,
    start: int,
    length: int,
    rng: np.random.Generator,
) -> None:
    """Let someone come towards the camera and pass it, or go before it for a while."""
    oncoming = rng.random() < 0.5
    aside = float(rng.uniform(-one.aside, one.aside))
    ahead = float(rng.uniform(one.near, one.far))
    for i in range(length):
        if not 0 <= start + i < len(camera):
            continue
        share = i / length
        if oncoming:
            away, left = one.near + (1 - share) * 4 * one.far, one.oncoming + 0.3 * aside
        else:
            away = ahead + 0.3 * one.near * sin(5 * share)
            left = aside * cos(2 * share)
        x, y, yaw = camera[start + i]
        place = (x + away * cos(yaw) - left * sin(yaw), y + away * sin(yaw) + left * cos(yaw))
        seen[start + i].append(
            Quad(place, (place[0] + one.width, place[1]), 0.0, one.height, one.texture, TURNING)
        )
