"""Array types that packages share. The docstring of a function says the shape where it varies."""

from __future__ import annotations

from typing import Any

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


# Any: what a middleware hands over, for which Python before 3.12 has no type.
def bytes_of(data: Any) -> NDArray[np.uint8]:
    """
    Return the content of a message's field `uint8[]`, uint8 (bytes,), as a view where it has one.

    rclpy makes an array.array of it, `rosbags` an array of NumPy, and from Lyrical on it may be a
    buffer of the middleware's vendor (rosidl pull request 943): anything with the buffer protocol
    is taken, and what can only be made an array is copied.

    :raises TypeError: if it holds no bytes.
    """
    try:
        return np.frombuffer(data, np.uint8)
    except (TypeError, BufferError):
        # No buffer, or one that is not in one piece.
        found = np.asarray(data)
    if found.dtype != np.uint8:
        raise TypeError(f'expected uint8[], found {type(data).__name__} of {found.dtype}')
    return np.ascontiguousarray(found).reshape(-1)
