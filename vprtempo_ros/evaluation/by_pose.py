"""Ground truth from poses: places near the query frame are correct."""

from __future__ import annotations

import math
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from ..errors import SourceError
from ..frames import Pose
from ..maps.alike import frame_id_of
from ..maps.map import Map
from ..network.segments import Segments
from .query import Query
from .truth import GroundTruth, from_correct_places, widened


def truth_by_pose(
    query: Query, loaded: Map, radius: float, heading: float | None = None
) -> GroundTruth:
    """
    Return the places within `radius` metres of each query frame, in the plane.

    Heights are ignored: barometers and GPS drift by more than the spacing of places.

    :param heading: maximum difference of headings in degrees; None: headings are ignored.
    :raises SourceError: if poses are missing or differ in frame or origin, or if no query frame is
        within the radius of a place.
    """
    _check_frames(query, loaded, heading)
    placed, numbers, positions = placed_poses(loaded)
    headings = np.array([_heading(pose) for pose in placed])

    def near(pose: Pose, distances: Doubles) -> NDArray[np.bool_]:
        found = distances <= radius
        if heading is not None:
            difference = np.abs((headings - _heading(pose) + 180.0) % 360.0 - 180.0)
            found &= difference <= heading
        return found

    correct, nearest = _near_each(query, numbers, positions, near)
    truth = from_correct_places(query.stamps, correct)
    if not truth.with_place.any():
        reason = (
            f'the nearest is {nearest:.1f} m away'
            if nearest > radius
            else f'those within it differ by more than {heading:g} degrees in heading'
        )
        raise SourceError(
            f'{query.path}: expected frames within {radius:g} m of a place of the '
            f'map, found none: {reason}; do the poses of both recordings have one '
            'frame and one origin? Otherwise use --tolerance or --truth'
        )
    return truth


def truth_by_nearest(query: Query, loaded: Map) -> GroundTruth:
    """
    Return the places within the map's tolerance of the one that each query frame was taken at.

    It was taken at the place that is nearest in the plane, and where the route passes a spot twice
    at those that are nearest on each pass, to half the distance between places. A frame that is
    further from all of them than places within the tolerance are has no true place.

    :raises SourceError: as `truth_by_pose`.
    """
    _check_frames(query, loaded, None)
    _, numbers, positions = placed_poses(loaded)
    segments, tolerance = loaded.parts(), loaded.config.places.tolerance
    follows, spacing = steps_between(numbers, positions, segments)
    reach = (tolerance + 1) * spacing

    def passed(pose: Pose, distances: Doubles) -> NDArray[np.bool_]:
        least = float(distances.min())
        if least > reach:
            return np.zeros(len(distances), np.bool_)
        # Of each pass the place that is nearer than those before and after it.
        before, after = (np.full(len(distances), np.inf) for _ in range(2))
        before[1:][follows] = distances[:-1][follows]
        after[:-1][follows] = distances[1:][follows]
        lowest = (distances < before) & (distances <= after)
        return np.asarray(lowest & (distances <= least + spacing / 2))

    correct, nearest = _near_each(query, numbers, positions, passed)
    truth = widened(from_correct_places(query.stamps, correct), segments, tolerance)
    if not truth.with_place.any():
        raise SourceError(
            f'{query.path}: expected frames within {reach:.1f} m of a place of the '
            f'map, found none: the nearest is {nearest:.1f} m away; do the poses of both '
            'recordings have one frame and one origin? Otherwise use --tolerance or --truth'
        )
    return truth


def _near_each(
    query: Query,
    numbers: NDArray[np.intp],
    positions: Doubles,
    near: Callable[[Pose, Doubles], NDArray[np.bool_]],
) -> tuple[list[NDArray[np.intp] | None], float]:
    """
    Return the places near each query frame, None where its pose is unknown, and the least distance.

    :param numbers, positions: as `placed_poses` returns them; near: says which of them are, by the
        pose of a frame and its distances to them.
    """
    correct: list[NDArray[np.intp] | None] = []
    nearest = math.inf
    for pose in query.poses:
        if pose is None:
            correct.append(None)
            continue
        distances = np.hypot(*(positions - pose.position[:2]).T)
        nearest = min(nearest, float(distances.min()))
        correct.append(numbers[near(pose, distances)])
    return correct, nearest


def placed_poses(loaded: Map) -> tuple[list[Pose], NDArray[np.intp], NDArray[np.float64]]:
    """Return the poses in the frame of the map, their places, and positions in the plane."""
    frame_id = frame_id_of(loaded.places)
    placed = [
        (number, place.pose)
        for number, place in enumerate(loaded.places)
        if place.pose and place.pose.frame_id == frame_id
    ]
    poses = [pose for _, pose in placed]
    numbers = np.array([number for number, _ in placed])
    return poses, numbers, np.array([pose.position[:2] for pose in poses])


def steps_between(
    numbers: NDArray[np.intp], positions: NDArray[np.float64], segments: Segments
) -> tuple[NDArray[np.bool_], float]:
    """
    Return which places with a pose are followed by the next one, and the median distance in metres.

    :param numbers, positions: of the places with a pose, as `placed_poses` returns them.
    """
    follows = (np.diff(numbers) == 1) & (np.diff(segments.numbers[numbers]) == 0)
    steps = np.hypot(*np.diff(positions, axis=0).T)[follows]
    return follows, float(np.median(steps)) if len(steps) else 0.0


def _check_frames(query: Query, loaded: Map, heading: float | None) -> None:
    """Raise an error for poses that cannot be compared."""
    of_map = next((place.pose for place in loaded.places if place.pose), None)
    if of_map is None:
        raise SourceError(
            'poses of the places are needed, but this map has none: use '
            '--tolerance or --truth, or record and train with poses'
        )
    of_query = next((pose for pose in query.poses if pose), None)
    if of_query is None:
        raise SourceError(
            f'{query.path}: expected poses at the stamps of the images, found '
            'none: name the topic with --poses, or use --tolerance or --truth'
        )
    if (query.origin is None) != (loaded.origin is None):
        kinds = 'GPS', 'no GPS'
        raise SourceError(
            f'{query.path}: expected poses as in the map, which are from '
            f'{kinds[loaded.origin is None]}, found {kinds[query.origin is None]}: '
            'name the other topic with --poses'
        )
    if of_query.frame_id != of_map.frame_id:
        raise SourceError(
            f'{query.path}: expected poses in frame {of_map.frame_id!r} as in the '
            f'map, found {of_query.frame_id!r}: name another topic with --poses, or '
            'use --tolerance or --truth'
        )
    if heading is not None and loaded.origin is not None:
        raise SourceError(
            '--heading needs orientations, but the poses of this map are from GPS, '
            'which has none: leave it out'
        )


def _heading(pose: Pose) -> float:
    """Return the direction about the vertical axis, in degrees (REP-103: left is positive)."""
    return math.degrees(pose.yaw)
