"""Ground truth from frame correspondence: the same frame of both drives is the same place."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..maps.map import Map
from .query import Query
from .truth import NOWHERE, GroundTruth

# How frames of a bag are named: topic and number of the message.
_NUMBERED = re.compile(r'\[(\d+)\]$')


def truth_by_frame(
    query: Query, loaded: Map, tolerance: int, start: int = 0, limited: bool = False
) -> tuple[GroundTruth, str]:
    """
    Return the places within `tolerance` frames of each query frame's own, and how it was found.

    Where both recordings are folders with file names in common, equal names are the same place;
    else the n-th frame of the query is the n-th of the reference, unreadable ones counted. A
    query frame without such a place has no true one.

    :param start: frames that were left out at the beginning of the query.
    :param limited: the caller vouches that the first frames correspond, whatever the lengths.
    :raises SourceError: if places are not one a frame, or the recordings' lengths differ.
    """
    cut = loaded.config.places
    if cut.by != 'frames' or cut.spacing != 1.0:
        raise SourceError(
            f'--tolerance needs a map with a place for each frame, but its places '
            f'are {cut.spacing:g} {cut.by} apart: use --radius or --truth'
        )
    own = _by_name(query, loaded)
    how = 'equal file names'
    if own is None:
        own = _by_number(query, loaded, start, limited)
        how = 'frames in their order'
    places = len(loaded.places)
    known = own >= 0
    if not known.any():
        raise SourceError(
            f'{query.path}: none of its {len(query)} frames has the number of a '
            f'place of the map: compare --start with the input.start it was '
            'trained with'
        )
    first = np.where(known, np.maximum(own - tolerance, 0), NOWHERE)
    last = np.where(known, np.minimum(own + tolerance, places - 1), NOWHERE)
    return GroundTruth(query.stamps, first, last), how


def _by_name(query: Query, loaded: Map) -> NDArray[np.int64] | None:
    """Return the place of each query frame by its file name, or None where names say nothing."""
    if _NUMBERED.search(query.names[0]) or _NUMBERED.search(loaded.places[0].frame):
        return None
    number = {place.frame: index for index, place in enumerate(loaded.places)}
    own = np.array([number.get(name, NOWHERE) for name in query.names], np.int64)
    return own if (own >= 0).any() else None


def _by_number(query: Query, loaded: Map, start: int, limited: bool) -> NDArray[np.int64]:
    """Return the place of each query frame by its number in the recording."""
    skipped = loaded.config.input.start
    reference = int(loaded.provenance['traverses'][0]['frames']) + skipped
    if query.recorded != reference and not limited:
        raise SourceError(
            f'{query.path}: expected {reference} frames, as many as in the reference '
            f'recording, found {query.recorded}: frames in their order are the same '
            'places only where both drives were recorded alike; use --radius or '
            '--truth, or --count if the first frames do correspond'
        )
    numbers = {
        _number(place.frame, skipped + index): index for index, place in enumerate(loaded.places)
    }
    return np.array(
        [
            numbers.get(_number(name, start + index), NOWHERE)
            for index, name in enumerate(query.names)
        ],
        np.int64,
    )


def _number(name: str, otherwise: int) -> int:
    """Return the number of a frame in its recording; of a folder every file is read."""
    found = _NUMBERED.search(name)
    return int(found[1]) if found else otherwise
