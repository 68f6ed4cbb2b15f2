"""Charts of the energy breakdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..support.figures import new_figure, png
from .breakdown import EngineEnergy
from .operations import LAYERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TradeoffPoint(NamedTuple):
    """A reduced network on one engine: step of the method, microjoules per frame, recall@1."""

    step: float
    energy: float
    recall: float


def draw_breakdown(items: list[EngineEnergy], file: Path) -> None:
    """
    Draw the energy of a frame on each engine, by layer.

    :raises VprError: if matplotlib is not installed.
    """
    figure, axes = _figure(len(items) * 0.6 + 1.0)
    parts = [
        (LAYERS[0], [item.layers[0] for item in items]),
        (LAYERS[1], [item.layers[1] for item in items]),
        ('neuron updates', [item.updates for item in items]),
        ('encoder, on a CPU', [item.encoder for item in items]),
    ]
    for number, (label, values) in enumerate(parts):
        colour = ('tab:blue', 'tab:orange', 'tab:green', 'tab:gray')[number]
        rows = [place + (number - 1.5) * 0.21 for place in range(len(items))]
        axes.barh(rows, values, height=0.19, color=colour, label=label)
    for place, item in enumerate(items):
        axes.annotate(
            f' {item.with_encoder:.3g}',
            (max(*item.layers, item.updates, item.encoder), place),
            va='center',
            fontsize='small',
        )
    axes.set_yticks(range(len(items)), [item.engine for item in items])
    axes.invert_yaxis()
    # Engines differ by orders of magnitude.
    axes.set_xscale('log')
    spent = [value for _, values in parts for value in values if value > 0]
    axes.set_xlim(min(spent) / 2, max(spent) * 10)
    axes.set_xlabel('microjoules per frame, operations only (numbers: the sum)')
    axes.legend(fontsize='small', loc='upper right')
    file.write_bytes(png(figure))


def draw_curves(curves: dict[str, list[TradeoffPoint]], method: str, file: Path) -> None:
    """
    Draw recall against energy: a line for each engine, each point with its step.

    :raises VprError: if matplotlib is not installed.
    """
    figure, axes = _figure(3.2)
    for name, points in curves.items():
        axes.plot(
            [point.energy for point in points], [point.recall for point in points], 'o-', label=name
        )
        for point in points:
            axes.annotate(
                f'{point.step:g}',
                (point.energy, point.recall),
                fontsize='x-small',
                textcoords='offset points',
                xytext=(3, 4),
            )
    what = 'part of synapses removed' if method == 'prune' else 'factor of the feature weights'
    axes.set(
        xscale='log',
        xlabel=f'microjoules per frame (labels: {what})',
        ylabel='recall@1',
        ylim=(0, None),
    )
    axes.legend(fontsize='small')
    file.write_bytes(png(figure))


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = new_figure(7.2, height, 100)
    return figure, figure.add_subplot()
