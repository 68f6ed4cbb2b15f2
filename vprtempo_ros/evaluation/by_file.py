"""Ground truth from a CSV file made for this query and this map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import SourceError
from .query import Query
from .truth import GroundTruth, read_truth


def truth_by_file(file: Path, query: Query, places: int, limited: bool = False) -> GroundTruth:
    """
    Return the truth of a CSV file for each frame of the query.

    :param limited: the user has selected a part of the query; the file may have more frames.
    :raises SourceError: if the file lacks frames of the query, or names frames or places that do
        not exist.
    """
    stated = read_truth(file)
    if len(stated) and int(stated.last.max()) >= places:
        raise SourceError(
            f'{file}: names place {int(stated.last.max())}, but the map has places 0 '
            f'to {places - 1}: is it the truth for a different map, or of frames of the reference, '
            'of which places.csv says which are places?'
        )
    row = {stamp: number for number, stamp in enumerate(stated.stamps.tolist())}
    rows = [row.get(stamp, -1) for stamp in query.stamps.tolist()]
    missing = [index for index, number in enumerate(rows) if number < 0]
    if missing:
        raise SourceError(
            f'{file}: expected a line for each of the {len(query)} frames of {query.path}, found '
            f'none for {len(missing)} of them, as for {query.names[missing[0]]} with stamp '
            f'{int(query.stamps[missing[0]])} (first_place -1: no true place; -2: unknown)'
        )
    # The truth also has the frames of a bag that could not be decoded.
    foreign = len(stated) - len(set(rows))
    if foreign > sum(query.skipped.values()) and not limited:
        raise SourceError(
            f'{file}: has {foreign} stamps without a frame in {query.path}: is '
            'it the truth of a different recording?'
        )
    chosen = np.array(rows)
    return GroundTruth(query.stamps, stated.first[chosen], stated.last[chosen])
