"""Ground truth from poses: places within a radius of the query frame are correct."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..frames import Pose
from ..maps.alike import frame_id_of
from ..maps.map import Map
from .query import Query
from .truth import GroundTruth, from_correct_places


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
    frame_id = frame_id_of(loaded.places)
    placed = [
        (number, place.pose)
        for number, place in enumerate(loaded.places)
        if place.pose and place.pose.frame_id == frame_id
    ]
    numbers = np.array([number for number, _ in placed])
    positions = np.array([pose.position[:2] for _, pose in placed])
    headings = np.array([_heading(pose) for _, pose in placed])
    correct: list[NDArray[np.intp] | None] = []
    nearest = math.inf
    for pose in query.poses:
        if pose is None:
            correct.append(None)
            continue
        distances = np.hypot(*(positions - pose.position[:2]).T)
        nearest = min(nearest, float(distances.min()))
        near = distances <= radius
        if heading is not None:
            difference = np.abs((headings - _heading(pose) + 180.0) % 360.0 - 180.0)
            near &= difference <= heading
        correct.append(numbers[near])
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


def _check_frames(query: Query, loaded: Map, heading: float | None) -> None:
    """Raise an error for poses that cannot be compared."""
    of_map = next((place.pose for place in loaded.places if place.pose), None)
    if of_map is None:
        raise SourceError(
            '--radius needs poses of the places, but this map has none: use '
            '--tolerance or --truth, or record and train with poses'
        )
    of_query = next((pose for pose in query.poses if pose), None)
    if of_query is None:
        raise SourceError(
            f'{query.path}: --radius needs poses at the stamps of the images, found '
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
