"""Which places of a map are those of another revision of it."""

from __future__ import annotations

from operator import is_

import numpy as np

from ..arrays import Indices
from .map import Map
from .places import Place


def kept_places(before: Map, after: Map) -> Indices:
    """
    Return the number that each place of `after` has in `before`, int64 (places,), -1: none.

    A place is the same if its reference frame is, with a pose in the same coordinate frame. None is
    if frames are encoded differently.
    """
    sizes = before.encoder.length, after.encoder.length
    if before.config.encoding != after.config.encoding or sizes[0] != sizes[1]:
        return np.full(len(after.places), -1)
    if len(after.places) >= len(before.places) and all(map(is_, before.places, after.places)):
        # As while places are learnt: comparing them would take as long as there are places.
        order = np.arange(len(after.places))
        return np.where(order < len(before.places), order, -1)
    numbers = {_source(place): number for number, place in enumerate(before.places)}
    return np.array([numbers.get(_source(place), -1) for place in after.places], np.int64)


def _source(place: Place) -> tuple[str, str, int, str | None]:
    frame_id = place.pose.frame_id if place.pose else None
    return place.traverse, place.frame, place.stamp_ns, frame_id
