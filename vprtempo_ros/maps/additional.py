"""Frames of further traverses, and the places of the first that they show."""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple

from ..config import TrainerConfig
from ..errors import MapError
from ..frames import Frame, Image, Pose
from .places import ByPose, Place, sample
from .samples import Encoded


class AdditionalTraverses(NamedTuple):
    """A frame of a further traverse: its place, when it was taken, its spikes."""

    place: int
    stamp_ns: int
    encoded: Encoded


def by_pose(
    frames: Iterator[Frame],
    places: list[Place],
    config: TrainerConfig,
    bag: str,
    encode: Callable[[Image], Encoded],
) -> Iterator[AdditionalTraverses]:
    """
    Give each place the nearest frame of a further traverse, where one passes near enough.

    :raises MapError: if the traverse has no poses, or none near a place.
    """
    assign = ByPose(places, config.places.radius)
    best: dict[int, AdditionalTraverses] = {}
    posed = False
    for frame in frames:
        posed = posed or frame.pose is not None
        _check_frame_id(frame.pose, places[0].pose, bag, config.bags[0])
        place = assign.improves(frame)
        if place is not None:
            best[place] = AdditionalTraverses(place, frame.stamp_ns, encode(frame.image))
    if not posed:
        raise MapError(
            f'{bag}: expected poses as in {config.bags[0]}, found none: record them '
            'too, or set poses.topic to none to align traverses by their order'
        )
    if not best:
        raise MapError(
            f'{bag}: no frame lies within reach of a place of {config.bags[0]}: are '
            'the poses in the same frame? Else set poses.topic to none'
        )
    yield from (best[place] for place in sorted(best))


def by_order(
    frames: Iterator[Frame],
    places: list[Place],
    config: TrainerConfig,
    bag: str,
    encode: Callable[[Image], Encoded],
) -> Iterator[AdditionalTraverses]:
    """
    Give the n-th place the n-th sampled frame of a further traverse.

    :raises MapError: if there are not as many as places.
    """
    found = 0
    for frame in sample(frames, config.places):
        if found < len(places):
            yield AdditionalTraverses(found, frame.stamp_ns, encode(frame.image))
        found += 1
    if found != len(places):
        raise MapError(
            f'traverses of different length: {bag} gives {found} places, '
            f'{config.bags[0]} gives {len(places)}; without poses they must agree'
        )


def _check_frame_id(pose: Pose | None, first: Pose | None, bag: str, other: str) -> None:
    if pose and first and pose.frame_id != first.frame_id:
        raise MapError(
            f'{bag}: expected poses in frame {first.frame_id!r} as in {other}, found '
            f'{pose.frame_id!r}; set poses.topic to none to align traverses by order'
        )
