"""The similarity matrix as a picture, with the matches and the truth drawn in."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import VprError
from .truth import GroundTruth


def draw_similarity(
    similarity: NDArray[np.float32],
    answers: Sequence[Sequence[int]],
    truth: GroundTruth,
    title: str,
    file: Path,
) -> None:
    """
    Write a PNG of the similarity matrix float32 (queries, places).

    The truth is a band, right matches are dots in one colour and wrong ones in another.

    :raises VprError: if matplotlib is not installed or the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise VprError('pictures need matplotlib: pip install matplotlib '
                       '(apt: python3-matplotlib)') from None
    # Each query's row on its own scale: its brightness says nothing about another's.
    low = similarity.min(axis=1, keepdims=True)
    span = similarity.max(axis=1, keepdims=True) - low
    shown = (similarity - low) / np.where(span > 0, span, 1.0)

    figure = Figure(figsize=(7.0, 7.0), dpi=120, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(shown.T, cmap='gray', origin='lower', aspect='auto', interpolation='nearest')
    queries = np.arange(len(truth))
    known = truth.first >= 0
    axes.fill_between(queries[known], truth.first[known] - 0.5, truth.last[known] + 0.5,
                      color='tab:cyan', alpha=0.35, linewidth=0.8, label='truth')
    matched = [query for query in range(len(truth)) if len(answers[query])]
    right = [query for query in matched if truth.is_right(query, answers[query][0])]
    wrong = sorted(set(matched) - set(right))
    for chosen, colour, label in ((right, 'tab:green', 'right'), (wrong, 'tab:red', 'wrong')):
        axes.plot(chosen, [answers[query][0] for query in chosen], '.', markersize=3,
                  color=colour, label=f'{label} match ({len(chosen)})')
    axes.set(xlabel='query frame', ylabel='place', title=title)
    axes.legend(loc='upper left', framealpha=0.9)
    try:
        figure.savefig(file)
    except OSError as error:
        raise VprError(f'{file}: cannot be written ({error.strerror})') from None
