"""
Standardised spikes: each input by its own mean and standard deviation along the route.

What all frames of a route have in common (sky above, road below, the robot's own bonnet, a light
gradient) carries no information about the place. Standardising each input removes it: for the
reference with the statistics of the reference, on the robot with running statistics, which start
from those of the reference and follow light and season. Feature standardisation as in Schubert,
Neubert and Protzel, Unsupervised Learning Methods for Visual Place Recognition (IROS 2019
workshop, ICRA 2020), made causal.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Spikes
from ..statistics import Statistics

# Weight of the statistics of the reference, in frames, and memory of the running statistics:
# on Nordland, 10 to 200 and 300 to all differ by no more than 0.01 in recall.
_PRIOR, _MEMORY = 50.0, 300.0


SAME = 0.8
"""
A frame that correlates more than this with another one shows the same view.

A robot standing still must not take that view for the mean of the route. Neighbouring places: 0.2
to 0.5. Tests use the distance of the two, which a change of light common to both leaves alone.
"""

# Added to the standard deviation, in grey levels, so that inputs that hardly vary stay small.
_SOFT = 5.0
# Standard deviations from the mean that map to the full range of a spike.
_RANGE = 2.0


def standardise(spikes: Spikes | Floats, statistics: Statistics) -> Spikes:
    """Return spikes (..., inputs) in standard deviations as uint8; the mean maps to 128."""
    scaled = spikes - statistics.mean
    scaled *= np.float32(127.5 / _RANGE) / (statistics.std + np.float32(_SOFT))
    scaled += np.float32(127.5)
    np.rint(scaled, out=scaled)
    scaled.clip(np.float32(0.0), np.float32(255.0), out=scaled)
    return scaled.astype(np.uint8)


def apart(route: Statistics) -> float:
    """Return the squared distance of spikes from which on two frames show different views."""
    # That of frames with correlation r is 2 (1 - r) times their variance.
    return 2.0 * (1.0 - SAME) * float(np.square(route.std).sum())


class Adaptation:
    """Standardises the spikes of successive frames, causally and in constant memory."""

    def __init__(self, reference: Statistics) -> None:
        """Start from the statistics of the reference."""
        self._reference = reference
        self._apart = apart(reference)
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._mean = self._reference.mean.copy()
        self._variance = np.square(self._reference.std)
        self._count = _PRIOR
        self._last: Floats | None = None

    def continue_from(self, before: Adaptation) -> None:
        """Take over the statistics of this drive, for another revision of a map."""
        self._mean, self._variance = before._mean, before._variance
        self._count, self._last = before._count, before._last

    def __call__(self, spikes: Spikes) -> Spikes:
        """Return the standardised spikes uint8 (inputs,) of the next frame."""
        frame = spikes.astype(np.float32)
        if self._is_new(frame):
            self._count = min(self._count + 1, _MEMORY)
            share = np.float32(1 / self._count)
            before = frame - self._mean
            self._mean += share * before
            change = frame - self._mean
            change *= before
            change -= self._variance
            change *= share
            self._variance += change
        return standardise(frame, self.statistics)

    @property
    def statistics(self) -> Statistics:
        """The running statistics; the mean changes with each frame."""
        return Statistics(self._mean, np.sqrt(self._variance))

    def _is_new(self, frame: Floats) -> bool:
        if self._last is not None:
            difference = frame - self._last
            if float(difference @ difference) <= self._apart:
                return False
        self._last = frame
        return True
