"""What training presents to a layer. Tuples of arrays, which compiled loops take as they are."""

from __future__ import annotations

from typing import NamedTuple

from ..arrays import Floats, Indices


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
