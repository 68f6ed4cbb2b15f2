"""The report's pictures, as PNG files in memory."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ..errors import VprError
from .answers import Answers
from .heatmap import Heatmap
from .picture import draw_similarity
from .precision import Curve
from .reliability import BINS, Bin
from .truth import GroundTruth

RIGHT, WRONG, NEUTRAL = 'tab:green', 'tab:red', 'tab:blue'


def similarity_chart(heatmap: Heatmap, answers: Answers, truth: GroundTruth, title: str) -> bytes:
    """Return the similarity matrix with matches and truth."""
    figure, axes = _figure(7.0, 7.0)
    draw_similarity(axes, heatmap, answers, truth)
    axes.set(title=title)
    return _png(figure)


def precision_recall_chart(curves: dict[str, Curve], headline: str) -> bytes:
    """Return precision over recall of all methods, the headline's drawn thick."""
    figure, axes = _figure(7.5, 5.0)
    # Colours tell engines apart, dashes what is done with their similarities.
    colours: dict[str, str] = {}
    dashes: dict[str, int] = {}
    styles = ('-', '--', ':', '-.', (0, (5, 1, 1, 1)), (0, (1, 3)))
    for name, line in curves.items():
        engine = name.split(',')[0].split(' +')[0]
        colour = colours.setdefault(engine, f'C{len(colours)}')
        dashes[engine] = dashes.get(engine, -1) + 1
        axes.step(
            np.append(line.recall, 0.0),
            np.append(line.precision, line.precision[-1:]),
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
    return _png(figure)


def confidence_chart(truth: GroundTruth, answers: Answers, threshold: float) -> bytes:
    """Return the histogram of the confidences of right and of wrong answers."""
    figure, axes = _figure(6.0, 4.0)
    right = truth.are_right(answers.places)
    chosen = answers.answered & truth.judged
    edges = np.linspace(0.0, 1.0, 2 * BINS + 1)
    for mask, colour, name in ((chosen & right, RIGHT, 'right'), (chosen & ~right, WRONG, 'wrong')):
        axes.hist(
            answers.certainty[mask],
            bins=edges,
            alpha=0.6,
            color=colour,
            label=f'{name} ({int(mask.sum())})',
        )
    if threshold > 0.0:
        axes.axvline(threshold, color='black', linestyle='--', label='match.min_confidence')
    axes.set(xlabel='confidence', ylabel='answers', title='Confidence of right and wrong answers')
    axes.legend()
    return _png(figure)


def reliability_chart(bins: list[Bin], error: float) -> bytes:
    """Return the part of the answers that are right over their confidence."""
    figure, axes = _figure(5.0, 5.0)
    axes.plot([0, 1], [0, 1], color='black', linewidth=0.8, label='calibrated')
    filled = [entry for entry in bins if entry.answers]
    axes.bar(
        [(entry.low + entry.high) / 2 for entry in filled],
        [entry.right for entry in filled],
        width=0.9 / BINS,
        color=NEUTRAL,
        alpha=0.5,
        label='part right',
    )
    axes.plot(
        [entry.confidence for entry in filled],
        [entry.right for entry in filled],
        'o',
        color=NEUTRAL,
        markersize=4,
        label='at its mean confidence',
    )
    for entry in filled:
        axes.annotate(
            str(entry.answers),
            ((entry.low + entry.high) / 2, entry.right),
            ha='center',
            va='bottom',
            fontsize='x-small',
        )
    axes.set(
        xlabel='confidence',
        ylabel='part of the answers that are right',
        xlim=(0, 1),
        ylim=(0, 1.05),
        title=f'Reliability: expected calibration error {error:.3f}',
    )
    axes.legend(loc='upper left', fontsize='small')
    return _png(figure)


def check_charts() -> None:
    """
    Make sure before a long evaluation that pictures can be drawn.

    :raises VprError: if matplotlib is not installed.
    """
    _figure(1.0, 1.0)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise VprError(
            'pictures need matplotlib: pip install matplotlib (apt: python3-matplotlib)'
        ) from None
    figure = Figure(figsize=(width, height), dpi=120, layout='constrained')
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _png(figure: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format='png')
    return stream.getvalue()
