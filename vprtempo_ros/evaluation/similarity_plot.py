"""The similarity matrix as a plot, with matches and truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .heatmap import Heatmap
from .predictions import Predictions
from .truth import GroundTruth

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_similarity(
    axes: Axes, heatmap: Heatmap, predictions: Predictions, truth: GroundTruth
) -> None:
    """
    Plot the similarity matrix into matplotlib's axes.

    The truth is a band, correct matches are green dots and wrong ones red; matches of queries
    with unknown truth are grey.
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
        # Separate lines, since neighbouring queries may have no place or another range.
        queries = np.flatnonzero(known)
        axes.vlines(
            queries,
            first[known] - 0.5,
            last[known] + 0.5,
            color='tab:cyan',
            alpha=0.5,
            linewidth=max(300.0 / heatmap.queries, 0.3),
        )
        # On a long route the band would be thinner than a pixel.
        axes.plot(
            queries,
            (first[known] + last[known]) / 2,
            '.',
            markersize=1.5,
            color='tab:cyan',
            label=label,
        )
        label = '_'
    correct = truth.are_correct(predictions.places)
    kinds = (
        (predictions.answered & correct, 'tab:green', 'correct match'),
        (predictions.answered & ~correct & truth.known, 'tab:red', 'wrong match'),
        (predictions.answered & ~truth.known, 'tab:gray', 'truth unknown'),
    )
    for chosen, colour, name in kinds:
        if chosen.any() or colour != 'tab:gray':
            axes.plot(
                np.flatnonzero(chosen),
                predictions.places[chosen],
                '.',
                markersize=3,
                color=colour,
                label=f'{name} ({int(chosen.sum())})',
            )
    axes.set(xlabel='query frame', ylabel='place')
    axes.legend(loc='upper left', framealpha=0.9, markerscale=3)
