"""Which answers are worth looking at: the best, the worst, the most confidently wrong."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .answers import NONE, Answers
from .truth import GroundTruth

_EACH = 3


class Example(NamedTuple):
    """A query and its answer; place is NONE where there was none, true NONE where there is none."""

    kind: str
    query: int
    place: int
    true: int
    certainty: float
    rank: int


def examples(truth: GroundTruth, answers: Answers) -> list[Example]:
    """Return three examples of each kind, as far as there are any."""
    judged = answers.answered & truth.judged
    right = truth.are_right(answers.places)
    # Where the true place is not even among those ranked, it is behind all others.
    behind = np.where(answers.ranks > 0, answers.ranks, np.iinfo(np.intp).max)
    chosen = [
        ('best', judged & right, answers.certainty),
        ('worst', judged & ~right & truth.with_place, behind),
        ('most confidently wrong', judged & ~right, answers.certainty),
    ]
    return [
        _example(kind, query, truth, answers)
        for kind, mask, key in chosen
        for query in _top(mask, key)
    ]


def _top(mask: NDArray[np.bool_], key: NDArray[np.generic]) -> list[int]:
    candidates = np.flatnonzero(mask)
    order = np.argsort(key[candidates], kind='stable')[::-1]
    return [int(query) for query in candidates[order[:_EACH]]]


def _example(kind: str, query: int, truth: GroundTruth, answers: Answers) -> Example:
    place = int(answers.places[query])
    places = truth.right_places(query)
    true = NONE
    if len(places):
        # The middle of what is right: frames at its ends are the farthest that still count.
        true = place if place in places else int(places[len(places) // 2])
    return Example(
        kind, query, place, true, float(answers.certainty[query]), int(answers.ranks[query])
    )
