"""The figures of the report, as PNG files in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..support.figures import new_figure, png
from .heatmap import Heatmap
from .precision import PrecisionRecallCurve
from .predictions import Predictions
from .reliability import BINS, ReliabilityBin
from .similarity_plot import plot_similarity
from .truth import GroundTruth

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CORRECT, WRONG, NEUTRAL = 'tab:green', 'tab:red', 'tab:blue'


def similarity_chart(
    heatmap: Heatmap, predictions: Predictions, truth: GroundTruth, title: str
) -> bytes:
    """Return the similarity matrix with matches and truth."""
    figure, axes = _figure(7.0, 7.0)
    plot_similarity(axes, heatmap, predictions, truth)
    axes.set(title=title)
    return png(figure)


def precision_recall_chart(curves: dict[str, PrecisionRecallCurve], headline: str) -> bytes:
    """Return precision over recall of all methods, that of the headline as a thick line."""
    figure, axes = _figure(7.5, 5.0)
    # A colour for each engine, a line style for each use of its similarities.
    colours: dict[str, str] = {}
    dashes: dict[str, int] = {}
    styles = ('-', '--', ':', '-.', (0, (5, 1, 1, 1)), (0, (1, 3)))
    for name, line in curves.items():
        engine = name.split(',')[0].split(' +')[0]
        colour = colours.setdefault(engine, f'C{len(colours)}')
        dashes[engine] = dashes.get(engine, -1) + 1
        # A method without any prediction is a point at the origin, so that the legend has it.
        end = line.precision[-1] if len(line.precision) else 0.0
        axes.step(
            np.append(line.recall, 0.0),
            np.append(line.precision, end),
            where='post',
            label=f'{name} ({line.area:.3f})',
            color=colour,
            linestyle=styles[dashes[engine] % len(styles)],
            linewidth=2.6 if name == headline else 1.2,
        )
    axes.set(
        xlabel='recall',
        ylabel='precision',
        xlim=(0, 1.005),
        ylim=(0, 1.02),
        title='Precision and recall (area)',
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize='small', loc='center left', bbox_to_anchor=(1.01, 0.5))
    return png(figure)


def confidence_chart(truth: GroundTruth, predictions: Predictions, threshold: float) -> bytes:
    """Return histograms of the confidences of correct and of wrong matches."""
    figure, axes = _figure(6.0, 4.0)
    correct = truth.are_correct(predictions.places)
    chosen = predictions.answered & truth.known
    edges = np.linspace(0.0, 1.0, 2 * BINS + 1)
    for mask, colour, name in (
        (chosen & correct, CORRECT, 'correct'),
        (chosen & ~correct, WRONG, 'wrong'),
    ):
        axes.hist(
            predictions.certainty[mask],
            bins=edges.tolist(),
            alpha=0.6,
            color=colour,
            label=f'{name} ({int(mask.sum())})',
        )
    if threshold > 0.0:
        axes.axvline(threshold, color='black', linestyle='--', label='match.min_confidence')
    axes.set(xlabel='confidence', ylabel='matches', title='Confidence of correct and wrong matches')
    axes.legend()
    return png(figure)


def reliability_chart(bins: list[ReliabilityBin], error: float) -> bytes:
    """Return the reliability diagram: fraction correct over confidence."""
    figure, axes = _figure(5.0, 5.0)
    axes.plot([0, 1], [0, 1], color='black', linewidth=0.8, label='calibrated')
    filled = [entry for entry in bins if entry.matches]
    axes.bar(
        [(entry.low + entry.high) / 2 for entry in filled],
        [entry.correct for entry in filled],
        width=0.9 / BINS,
        color=NEUTRAL,
        alpha=0.5,
        label='fraction correct',
    )
    axes.plot(
        [entry.confidence for entry in filled],
        [entry.correct for entry in filled],
        'o',
        color=NEUTRAL,
        markersize=4,
        label='at its mean confidence',
    )
    for entry in filled:
        axes.annotate(
            str(entry.matches),
            ((entry.low + entry.high) / 2, entry.correct),
            ha='center',
            va='bottom',
            fontsize='x-small',
        )
    axes.set(
        xlabel='confidence',
        ylabel='fraction correct',
        xlim=(0, 1),
        ylim=(0, 1.05),
        title=f'Reliability: expected calibration error {error:.3f}',
    )
    axes.legend(loc='upper left', fontsize='small')
    return png(figure)


def check_charts() -> None:
    """
    Check before a long evaluation that figures can be drawn.

    :raises VprError: if matplotlib is not installed.
    """
    _figure(1.0, 1.0)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = new_figure(width, height, 120)
    return figure, figure.add_subplot()
