"""
Spikes that tell what is unusual: each pixel against its own mean and deviation along the route.

What every frame of a route shows alike (sky above, road below, the robot's own bonnet, a light
gradient) tells nothing about the place. Standardising by pixel takes it away, on the reference by
the statistics of the reference, on the robot by those of what it sees now: they start from the
reference and follow the light and the season. Feature standardisation as in Schubert, Neubert and
Protzel, Unsupervised Learning Methods for Visual Place Recognition (IROS 2019 workshop, ICRA
2020), made causal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..statistics import Statistics

Spikes = NDArray[np.uint8]

# How many frames the statistics of the reference count for, and how many are remembered: measured
# on Nordland, 10 to 200 and 300 to all make no difference of more than 0.01.
_PRIOR, _MEMORY = 50.0, 300.0

# A frame that correlates more than this with the one counted last shows the same view: a robot
# that stands must not take it for the world's mean. Neighbouring places: 0.2 to 0.5. It is told by
# how far the two are apart, which a change of the light that both have in common leaves alone.
_SAME = 0.8

# A pixel that hardly ever changes must not be made much of, in grey levels.
_SOFT = 5.0
# Deviations from the mean that make the full range of a spike.
_RANGE = 2.0


def standardise(spikes: Spikes, statistics: Statistics) -> Spikes:
    """Return uint8 spikes (..., inputs) in units of the deviation; the mean becomes 128."""
    scaled = (spikes - statistics.mean) * (np.float32(127.5 / _RANGE) / (statistics.std + _SOFT))
    return np.clip(np.rint(scaled + np.float32(127.5)), 0, 255).astype(np.uint8)


class Adaptation:
    """Standardises the spikes of successive frames; constant memory, nothing from the future."""

    def __init__(self, reference: Statistics) -> None:
        """Start from the statistics of the reference."""
        self._reference = reference
        # Frames that correlate by r are 2 (1 - r) times their variance apart (squared).
        self._apart = 2.0 * (1.0 - _SAME) * float(np.square(reference.std).sum())
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._mean = self._reference.mean.copy()
        self._variance = np.square(self._reference.std)
        self._count = _PRIOR
        self._last: NDArray[np.float32] | None = None

    def __call__(self, spikes: Spikes) -> Spikes:
        """Return the standardised spikes uint8 (inputs,) of the next frame."""
        if self._is_new(spikes):
            self._count = min(self._count + 1, _MEMORY)
            share = np.float32(1 / self._count)
            difference = spikes - self._mean
            self._mean += share * difference
            self._variance += share * (difference * (spikes - self._mean) - self._variance)
        return standardise(spikes, Statistics(self._mean, np.sqrt(self._variance)))

    def _is_new(self, spikes: Spikes) -> bool:
        frame = spikes.astype(np.float32)
        if self._last is not None:
            difference = frame - self._last
            if float(difference @ difference) <= self._apart:
                return False
        self._last = frame
        return True
