"""Ground truth from frame correspondence: equal frames of both recordings are one place."""

from __future__ import annotations

import re
from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..maps.map import Map
from ..maps.places import sampled_at
from ..sources.natural_sort import natural_order
from .query import Query
from .truth import NO_PLACE, GroundTruth

# Name of a frame of a bag: topic and number of the message.
_NUMBERED = re.compile(r'\[(\d+)\]$')


def truth_by_frame(
    query: Query, loaded: Map, tolerance: int, start: int = 0, limited: bool = False
) -> tuple[GroundTruth, str]:
    """
    Return the places within `tolerance` frames of each query frame's own, and the method used.

    If both recordings are folders with file names in common, equal names are the same place.
    Otherwise frame n of the query is frame n of the reference, unreadable frames counted. Frames at
    which the reference stood are the place of the stop. A query frame without such a place has no
    true place.

    :param start: frames left out at the beginning of the query.
    :param limited: the first frames correspond even if the lengths of the recordings differ.
    :raises SourceError: if the map does not have a place for each frame, or the lengths differ.
    """
    sampling = loaded.config.places
    if not sampling.is_each_frame:
        raise SourceError(
            f'--tolerance needs a map with a place for each frame, but its places '
            f'are {sampling.spacing:g} {sampling.by} apart: use --radius or --truth'
        )
    own = _by_name(query, loaded)
    how = 'equal file names'
    if own is None:
        own = _by_number(query, loaded, start, limited)
        how = 'frames in order'
    places = len(loaded.places)
    known = own >= 0
    if not known.any():
        raise SourceError(
            f'{query.path}: none of its {len(query)} frames has the number of a '
            f'place of the map: compare --start with the input.start it was '
            'trained with'
        )
    first = np.where(known, np.maximum(own - tolerance, 0), NO_PLACE)
    last = np.where(known, np.minimum(own + tolerance, places - 1), NO_PLACE)
    return GroundTruth(query.stamps, first, last), how


def _by_name(query: Query, loaded: Map) -> NDArray[np.int64] | None:
    """Return the place of each query frame by its file name, or None without names in common."""
    if _NUMBERED.search(query.names[0]) or _NUMBERED.search(loaded.places[0].frame):
        return None
    number = {place.frame: index for index, place in enumerate(loaded.places)}
    if number.keys().isdisjoint(query.names):
        return None
    own = dict.fromkeys(query.names, NO_PLACE)
    place, left = NO_PLACE, 0
    # Names of frames of a stop come after that of its place and before that of the next one.
    for name in natural_order({*number, *own}):
        if name in number:
            place = number[name]
            left = loaded.places[place].stood
        elif left:
            left -= 1
        else:
            place = NO_PLACE
        own[name] = place
    return np.array([own[name] for name in query.names], np.int64)


def _by_number(query: Query, loaded: Map, start: int, limited: bool) -> NDArray[np.int64]:
    """Return the place of each query frame by its number in the recording."""
    skipped = loaded.config.input.start
    reference = int(loaded.provenance['traverses'][0]['frames']) + skipped
    if query.recorded != reference and not limited:
        raise SourceError(
            f'{query.path}: expected {reference} frames, as many as in the reference '
            f'recording, found {query.recorded}: frames in order are the same places '
            'only if both recordings have equal lengths; use --radius or '
            '--truth, or --count if the first frames do correspond'
        )
    numbers = [
        _number(place.frame, skipped + at)
        for place, at in zip(loaded.places, sampled_at(loaded.places))
    ]
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    ordered = [numbers[at] for at in order]

    def place_of(number: int) -> int:
        # The last one that is not after it; frames of a stop are of its place.
        found = bisect_right(ordered, number) - 1
        if found < 0 or number > ordered[found] + loaded.places[order[found]].stood:
            return NO_PLACE
        return order[found]

    return np.array(
        [place_of(_number(name, start + index)) for index, name in enumerate(query.names)], np.int64
    )


def _number(name: str, otherwise: int) -> int:
    """Return the number of a frame in its recording; names of files have none."""
    found = _NUMBERED.search(name)
    return int(found[1]) if found else otherwise
