"""The similarity matrix as a picture, with the matches and the truth drawn in."""

from __future__ import annotations

from typing import Any

import numpy as np

from .answers import Answers
from .heatmap import Heatmap
from .truth import GroundTruth


def draw_similarity(axes: Any, heatmap: Heatmap, answers: Answers, truth: GroundTruth) -> None:
    """
    Draw the similarity matrix into matplotlib's axes.

    The truth is a band, right matches are dots in one colour and wrong ones in another; answers
    to queries that cannot be judged are grey.
    """
    axes.imshow(
        heatmap.pixels().T,
        cmap='gray',
        origin='lower',
        aspect='auto',
        interpolation='nearest',
        extent=(-0.5, heatmap.queries - 0.5, -0.5, heatmap.places - 0.5),
    )
    label = 'truth'
    for first, last in zip(truth.first.T, truth.last.T):
        known = first >= 0
        # Not filled between queries where one has no place, or jumps to another stretch.
        queries = np.flatnonzero(known)
        axes.vlines(
            queries,
            first[known] - 0.5,
            last[known] + 0.5,
            color='tab:cyan',
            alpha=0.5,
            linewidth=max(300.0 / heatmap.queries, 0.3),
        )
        # Of a long route the band itself would be thinner than a pixel.
        axes.plot(
            queries,
            (first[known] + last[known]) / 2,
            '.',
            markersize=1.5,
            color='tab:cyan',
            label=label,
        )
        label = '_'
    right = truth.are_right(answers.places)
    kinds = (
        (answers.answered & right, 'tab:green', 'right match'),
        (answers.answered & ~right & truth.judged, 'tab:red', 'wrong match'),
        (answers.answered & ~truth.judged, 'tab:gray', 'not judged'),
    )
    for chosen, colour, name in kinds:
        if chosen.any() or colour != 'tab:gray':
            axes.plot(
                np.flatnonzero(chosen),
                answers.places[chosen],
                '.',
                markersize=3,
                color=colour,
                label=f'{name} ({int(chosen.sum())})',
            )
    axes.set(xlabel='query frame', ylabel='place')
    axes.legend(loc='upper left', framealpha=0.9, markerscale=3)
