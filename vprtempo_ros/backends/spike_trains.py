"""Rate code: binary spike trains of amplitudes; `events.binning` makes spike trains of events."""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Spikes


class RateCode:
    """
    Draws spikes whose rate is the amplitude: in each step one with probability amplitude / 255.

    The random numbers are drawn once, so a frame always gets the same train. drawn: uint8 (steps,
    inputs); an input spikes where its amplitude is above.
    """

    def __init__(self, inputs: int, steps: int, seed: int) -> None:
        """Draw the random thresholds of the amplitudes."""
        drawn = np.random.default_rng(seed).random((steps, inputs), dtype=np.float32)
        # 0 to 254: an amplitude of 255 exceeds all of them, 0 none.
        self.drawn = np.floor(drawn * np.float32(255)).astype(np.uint8)

    def __call__(self, spikes: Spikes) -> Floats:
        """Return float32 (steps, inputs), 0 or 1, for uint8 spikes (inputs,)."""
        return (self.drawn < spikes).astype(np.float32)
