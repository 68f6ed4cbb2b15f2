"""What a robot experiences of a map: how long it has no match, and how soon it is found again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .predictions import Predictions
from .query import Query
from .truth import GroundTruth

# The truth jumps where it moves by more than this number of places between two frames.
_JUMP = 10
# A robot is found again at the first of this many correct matches in a row.
_STEADY = 3


class Span(NamedTuple):
    """A part of the query: number of frames, duration and distance; NaN where not known."""

    frames: int
    seconds: float
    metres: float

    def text(self) -> str:
        """Return it for a reader: '12 frames, 1.2 s, 0.8 m'."""
        parts = [f'{self.frames} frame{"" if self.frames == 1 else "s"}']
        if self.seconds == self.seconds:
            parts.append(f'{self.seconds:.1f} s')
        if self.metres == self.metres:
            parts.append(f'{self.metres:.1f} m')
        return ', '.join(parts)


class Availability(NamedTuple):
    """
    Matches at a threshold, frame by frame.

    without: the longest run of frames with a true place that have no match; relocalised: for each
    jump of the truth the span until correct matches, None if there are none before the next jump.
    """

    without: Span
    relocalised: list[Span | None]

    def found(self) -> list[Span]:
        """Return the spans of the jumps after which the robot was found, shortest first."""
        return sorted(
            (span for span in self.relocalised if span is not None), key=lambda span: span.frames
        )

    def relocalisation(self) -> str:
        """Return how long relocalisation takes, for a reader; empty where the truth never jumps."""
        found, jumps = self.found(), len(self.relocalised)
        if not jumps:
            return ''
        text = f'{len(found)} of {jumps} jumps to another place'
        if found:
            text += f', after {found[len(found) // 2].text()} (median), {found[-1].text()} at most'
        return text


def availability(
    truth: GroundTruth, predictions: Predictions, query: Query, threshold: float
) -> Availability:
    """Return how long the robot has no match at a threshold, and how soon it is relocalised."""
    answered = predictions.answered & (predictions.certainty >= threshold)
    correct = truth.are_correct(predictions.places) & answered
    first, last = _longest(truth.with_place & ~answered)
    begins = _jumps(truth)
    ends = [*begins[1:], len(truth)]
    return Availability(
        _span(query, first, last),
        [_relocalised(query, correct, begin, end) for begin, end in zip(begins, ends)],
    )


def _longest(missing: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the longest run of True as the first index and the one past the last."""
    padded = np.concatenate(([False], missing, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    if not len(edges):
        return 0, 0
    first, last = edges[int((edges[:, 1] - edges[:, 0]).argmax())].tolist()
    return first, last


def _jumps(truth: GroundTruth) -> list[int]:
    """Return the frames at which the true place is far from that of the frame before."""
    found, before = [], None
    for number in np.flatnonzero(truth.with_place).tolist():
        ranges = [
            (int(first), int(last))
            for first, last in zip(truth.first[number], truth.last[number])
            if first >= 0
        ]
        if before is not None and all(
            max(first - other_last, other_first - last) > _JUMP
            for first, last in ranges
            for other_first, other_last in before
        ):
            found.append(number)
        before = ranges
    return found


def _relocalised(query: Query, correct: NDArray[np.bool_], begin: int, end: int) -> Span | None:
    """Return the span from a jump to the first of some correct matches in a row."""
    steady = min(_STEADY, end - begin)
    runs = np.convolve(correct[begin:end], np.ones(steady), 'valid')
    found = np.flatnonzero(runs >= steady)
    return _span(query, begin, begin + int(found[0])) if len(found) else None


def _span(query: Query, first: int, last: int) -> Span:
    """Return frames `first` to `last`, excluding the last one."""
    if last <= first:
        return Span(0, 0.0, 0.0)
    # Up to the frame that ends it, if there is one.
    frames = slice(first, min(last + 1, len(query)))
    seconds = metres = float('nan')
    if query.timed:
        seconds = float(query.stamps[frames][-1] - query.stamps[frames][0]) * 1e-9
    poses = query.poses[frames]
    known = [pose for pose in poses if pose is not None]
    if len(known) == len(poses):
        metres = float(sum(pose.distance(before) for before, pose in zip(known, known[1:])))
    return Span(last - first, seconds, metres)
