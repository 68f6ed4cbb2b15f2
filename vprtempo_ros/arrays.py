"""Array types that packages share. The docstring of a function says the shape where it varies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spikes = NDArray[np.uint8]
"""uint8 (..., inputs): spike amplitudes as the network takes them, 255 for an amplitude of 1."""

Scores = NDArray[np.float32]
"""float32 (..., places): a value for each place, such as the similarities of a frame."""

Floats = NDArray[np.float32]
"""float32 of any shape: weights (neurons, inputs), thresholds (neurons,), responses."""

Doubles = NDArray[np.float64]
"""float64 of any shape: sums, counts and statistics."""

Integers = NDArray[np.int64]
"""int64 of any shape: integer arithmetic that must not overflow."""

Indices = NDArray[np.int64]
"""int64 (n,): positions in another array, such as the place of each sample."""

Numbers = NDArray[np.generic]
"""Integers, floats or booleans of any size, for code that treats them alike."""
