"""What training presents to a layer. Tuples of arrays, which compiled loops take as they are."""

from __future__ import annotations

from typing import Iterator, NamedTuple

import numpy as np

from ..arrays import Floats, Indices

# Synapses times steps between two reports of progress, some tenths of a second on a slow core: few
# enough for an interruption to take effect soon, enough for the start of threads not to matter.
_WORK = 200_000_000
_LEAST_ROWS = 16


def row_blocks(rows: int, work: int) -> Iterator[tuple[int, int]]:
    """
    Cut the rows of a layer into blocks: first row and the one past the last.

    :param work: of one row, in synapses times steps.
    """
    block = max(_LEAST_ROWS, _WORK // max(1, work))
    for begin in range(0, rows, block):
        yield begin, min(begin + block, rows)


class Presentation(NamedTuple):
    """
    The samples of a module as a layer sees them, one a step.

    samples: float32 (samples, inputs), amplitudes in [0, 1];
    order: int64 (steps,), the sample presented at each step;
    stdp_rates, threshold_rates: float32 (steps,), learning rates of weights and of thresholds.
    """

    samples: Floats
    order: Indices
    stdp_rates: Floats
    threshold_rates: Floats

    def presented(self) -> Indices:
        """Return the samples that are presented at all, ascending; most are not on long routes."""
        return np.unique(self.order)

    def only(self, presented: Indices, samples: Floats) -> Presentation:
        """Return the same steps over `samples`, the rows `presented` of all samples."""
        return self._replace(samples=samples, order=np.searchsorted(presented, self.order))

    def part(self, steps: slice) -> Presentation:
        """Return some of the steps, with all samples."""
        return Presentation(
            self.samples, self.order[steps], self.stdp_rates[steps], self.threshold_rates[steps]
        )


class Targets(NamedTuple):
    """
    What an output layer has to learn.

    places: int64 (samples,), the place of each sample: its neuron is to respond with 0.5, all
    others with 0;
    scaled: float32 (samples, features), the samples divided by the target rates of the features.
    """

    places: Indices
    scaled: Floats
