"""Assigning the frames of an additional traverse to the places of the first one."""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple

from ..arrays import Spikes
from ..config import TrainerConfig
from ..errors import MapError
from ..frames import Frame, Image, Pose
from .places import ByPose, Place, sample, sampled_at


class AdditionalFrame(NamedTuple):
    """A frame of an additional traverse: place, stamp, spikes uint8 (variants, inputs)."""

    place: int
    stamp_ns: int
    spikes: Spikes


def by_pose(
    frames: Iterator[Frame],
    places: list[Place],
    config: TrainerConfig,
    bag: str,
    encode: Callable[[Image], Spikes],
) -> Iterator[AdditionalFrame]:
    """
    Assign to each place the nearest frame within places.radius, if there is one.

    :raises MapError: if the traverse has no poses, or none near a place.
    """
    names = {place.pose.frame_id for place in places if place.pose}
    if len(names) > 1:
        raise MapError(
            f'{bag}: expected places with poses in one coordinate frame, found '
            f'{" and ".join(sorted(names))}: merge the maps with --transform'
        )
    assign = ByPose(places, config.places.radius)
    best: dict[int, AdditionalFrame] = {}
    posed = False
    for frame in frames:
        posed = posed or frame.pose is not None
        _check_frame_id(frame.pose, places[0].pose, bag, config.bags[0])
        place = assign.improves(frame)
        if place is not None:
            best[place] = AdditionalFrame(place, frame.stamp_ns, encode(frame.image))
    if not posed:
        raise MapError(
            f'{bag}: expected poses as in {config.bags[0]}, found none: record them '
            'too, or set poses.topic to none to align traverses by their order'
        )
    if not best:
        raise MapError(
            f'{bag}: no frame is within places.radius of a place of {config.bags[0]}: are '
            'the poses in the same frame? Else set poses.topic to none'
        )
    yield from (best[place] for place in sorted(best))


def by_order(
    frames: Iterator[Frame],
    places: list[Place],
    config: TrainerConfig,
    bag: str,
    encode: Callable[[Image], Spikes],
) -> Iterator[AdditionalFrame]:
    """
    Assign to the n-th place the n-th sampled frame, those of stops of the first traverse counted.

    :raises MapError: if their numbers differ.
    """
    number_of = {at: number for number, at in enumerate(sampled_at(places))}
    expected = len(places) + sum(place.stood for place in places)
    found = 0
    for frame in sample(frames, config.places):
        if found in number_of:
            yield AdditionalFrame(number_of[found], frame.stamp_ns, encode(frame.image))
        found += 1
    if found != expected:
        stood = f' ({expected - len(places)} of them at stops)' if expected > len(places) else ''
        raise MapError(
            f'traverses of different length: {bag} gives {found} places, '
            f'{config.bags[0]} gives {expected}{stood}; without poses they must agree'
        )


def _check_frame_id(pose: Pose | None, first: Pose | None, bag: str, other: str) -> None:
    if pose and first and pose.frame_id != first.frame_id:
        raise MapError(
            f'{bag}: expected poses in frame {first.frame_id!r} as in {other}, found '
            f'{pose.frame_id!r}; set poses.topic to none to align traverses by order'
        )
