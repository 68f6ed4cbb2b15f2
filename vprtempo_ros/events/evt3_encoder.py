"""
Events to packets of encoding evt3, as a sensor writes them; see `evt3`.

Events of one row, time and polarity within 32 columns go into a vector of 12, 12 and 8 bits where
that is shorter than a word for each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..support.compiled import njit
from .evt3 import BASE, EVENT, ROW, TIME_HIGH, TIME_LOW, VECTOR_8, VECTOR_12
from .packet import Int

# Columns of a vector, and the number of events from which its four words are fewer.
_REACH, _WORTH = 32, 5
# Maximum number of words for an event: both parts of its time, its row, itself.
_WORDS = 4


def encode_evt3(
    x: NDArray[np.uint16], y: NDArray[np.uint16], p: NDArray[np.uint8], t_us: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """
    Return a packet of events that is decoded without those before it.

    :param t_us: times in microseconds, ascending. Consecutive events with equal times, rows and
        polarities and ascending columns become vectors.
    """
    words = np.zeros(_WORDS * len(x) + 3, np.uint16)
    count = _encode(x, y, p, t_us, words)
    return words[:count].view(np.uint8)


@njit(cache=True, nogil=True)
def _encode(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.uint8],
    t_us: NDArray[np.int64],
    words: NDArray[np.uint16],
) -> int:
    """Write the words; return their number."""
    count, i = 0, 0
    high, low, row = -1, -1, -1
    while i < x.shape[0]:
        time = t_us[i]
        if (time >> 12) & 0xFFF != high:
            high, low = (time >> 12) & 0xFFF, -1
            words[count] = TIME_HIGH << 12 | high
            count += 1
        if time & 0xFFF != low:
            low = time & 0xFFF
            words[count] = TIME_LOW << 12 | low
            count += 1
        if y[i] != row:
            row = y[i]
            words[count] = ROW << 12 | row
            count += 1
        end = i + 1
        while (
            end < x.shape[0]
            and t_us[end] == time
            and y[end] == row
            and p[end] == p[i]
            and x[end - 1] < x[end]
            and x[end] < x[i] + _REACH
        ):
            end += 1
        if end - i < _WORTH:
            words[count] = EVENT << 12 | np.int64(p[i]) << 11 | np.int64(x[i])
            count += 1
            i += 1
            continue
        words[count] = BASE << 12 | np.int64(p[i]) << 11 | np.int64(x[i])
        words[count + 1] = VECTOR_12 << 12
        words[count + 2] = VECTOR_12 << 12
        words[count + 3] = VECTOR_8 << 12
        for j in range(i, end):
            column = np.int64(x[j]) - np.int64(x[i])
            which: Int = min(column // 12, 2)
            words[count + 1 + which] |= 1 << (column - 12 * which)
        count += 4
        i = end
    return count
