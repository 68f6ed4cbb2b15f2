"""Ground truth from a csv that somebody else made for this query and this map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import SourceError
from .query import Query
from .truth import GroundTruth, read_truth


def truth_by_file(file: Path, query: Query, places: int, limited: bool = False) -> GroundTruth:
    """
    Return the truth in a csv for each frame of the query.

    :param limited: the query was cut by the user, so that the file may tell of more frames.
    :raises SourceError: if the file does not tell of every frame, or of frames or places that
        there are not.
    """
    stated = read_truth(file)
    if len(stated) and int(stated.last.max()) >= places:
        raise SourceError(
            f'{file}: names place {int(stated.last.max())}, but the map has places 0 '
            f'to {places - 1}: is it the truth of another map?'
        )
    row = {stamp: number for number, stamp in enumerate(stated.stamps.tolist())}
    rows = [row.get(stamp, -1) for stamp in query.stamps.tolist()]
    missing = [index for index, number in enumerate(rows) if number < 0]
    if missing:
        raise SourceError(
            f'{file}: expected a line for each of the {len(query)} frames of {query.path}, found '
            f'none for {len(missing)} of them, as for {query.names[missing[0]]} with stamp '
            f'{int(query.stamps[missing[0]])} (first_place -1: no true place; -2: not known)'
        )
    # Frames of a bag that cannot be decoded are in the truth, but not among those read.
    foreign = len(stated) - len(set(rows))
    if foreign > sum(query.skipped.values()) and not limited:
        raise SourceError(
            f'{file}: has {foreign} stamps that no frame of {query.path} bears: is '
            'it the truth of another recording?'
        )
    chosen = np.array(rows)
    return GroundTruth(query.stamps, stated.first[chosen], stated.last[chosen])
