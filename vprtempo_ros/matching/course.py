"""How a route runs past its places: direction, the stretch that is a place's own, and heading."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from ..network.segments import Segments

# Shorter steps than this, in metres, have no direction.
_LEAST = 1e-6


class Course(NamedTuple):
    """
    The course of a route at each of its places.

    tangent: float64 (places, 3), unit vectors along the route, zeros where it has no direction.
    cell: float64 (places,), metres of the route that are nearer to this place than to others,
    never less than the median. turn: float64 (places,), radians in the plane between the step to
    a place and the step from it, 0 at the ends.
    """

    tangent: Doubles
    cell: Doubles
    turn: Doubles


def course_of(positions: Doubles, segments: Segments | None = None) -> Course:
    """
    Return the course along positions float64 (places, 3), metres, in the order driven.

    :param segments: which positions follow each other; None: all in order.
    """
    if segments is None:
        return _course(positions)
    parts = [_course(positions[part]) for part in segments.slices]
    return (
        Course(*(np.concatenate(values) for values in zip(*parts))) if parts else _course(positions)
    )


def _course(positions: Doubles) -> Course:
    steps = np.diff(positions, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    ahead, behind = np.vstack([steps, steps[-1:]]), np.vstack([steps[:1], steps])
    both = ahead + behind if len(steps) else np.zeros((len(positions), 3))
    reach = np.linalg.norm(both, axis=1, keepdims=True)
    tangent = np.divide(both, reach, out=np.zeros_like(both), where=reach > _LEAST)
    # An end stands for the stretch beyond it too.
    cell = (np.concatenate([lengths, lengths[-1:]]) + np.concatenate([lengths[:1], lengths])) / 2
    cell = np.maximum(cell, np.median(lengths)) if len(steps) else np.zeros(len(positions))
    turn = np.zeros(len(positions))
    if len(steps) > 1:
        yaw = np.arctan2(steps[:, 1], steps[:, 0])
        turn[1:-1] = np.abs((np.diff(yaw) + np.pi) % (2 * np.pi) - np.pi)
    return Course(tangent, cell, turn)


def headings(course: Course) -> tuple[Doubles, NDArray[np.bool_]]:
    """
    Return level orientations float64 (places, 4), xyzw, that face along the route, x forward.

    And for which places there is one, bool (places,): not where the route has no direction in the
    plane. There the orientation is that of the frame.
    """
    known = np.hypot(course.tangent[:, 0], course.tangent[:, 1]) > _LEAST
    half = np.where(known, np.arctan2(course.tangent[:, 1], course.tangent[:, 0]), 0.0) / 2
    zeros = np.zeros(len(half))
    return np.column_stack([zeros, zeros, np.sin(half), np.cos(half)]), known
