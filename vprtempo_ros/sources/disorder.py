"""Messages that were not recorded in the order in which they were sent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

# Maximum number of messages that wait for an earlier one.
WAITING = 32


class Disorder(NamedTuple):
    """Number of messages that were recorded after later ones; the largest step back in seconds."""

    messages: int = 0
    largest: float = 0.0


def disorder(times: Numbers) -> Disorder:
    """Return how many times, int64 ns (messages,) in the order of recording, step back."""
    if not len(times):
        return Disorder()
    behind = np.maximum.accumulate(times) - times
    return Disorder(int(np.count_nonzero(behind)), float(behind.max()) * 1e-9)


def by_numbers(times: Numbers, numbers: Numbers) -> tuple[Numbers, int, int]:
    """
    Return times in whose order numbers grow, how many did not, and by how many messages at most.

    Numbers begin again where a driver restarts, and where messages are further out of order than
    WAITING: there the order of the times stays. The times are those given, exchanged.

    :param times: int64 ns (messages,); numbers: int64, growing in the order of the sensor.
    """
    order = np.argsort(times, kind='stable')
    sorted_numbers = numbers[order]
    found = furthest = 0
    bounds = [*_begins(sorted_numbers), len(order)]
    for begin, end in zip(bounds, bounds[1:]):
        part = np.argsort(sorted_numbers[begin:end], kind='stable')
        late = int((part - np.arange(end - begin)).max(initial=0))
        if 0 < late <= WAITING:
            found += int(np.count_nonzero(np.diff(sorted_numbers[begin:end]) < 0))
            furthest = max(furthest, late)
            order[begin:end] = order[begin:end][part]
    if not found:
        return times, 0, 0
    exchanged = np.empty_like(times)
    exchanged[order] = np.sort(times)
    return exchanged, found, furthest


def _begins(numbers: Numbers) -> list[int]:
    """Return where numbers begin, and begin again."""
    begins, top, passed = [0], numbers[0] if len(numbers) else 0, 0
    for index in (np.flatnonzero(np.diff(numbers) < 0) + 1).tolist():
        top = max(top, numbers[passed:index].max())
        passed = index
        if numbers[index] >= top:
            continue
        before = numbers[max(begins[-1], index - 2 * WAITING) : index]
        after = numbers[index + 1 : index + 1 + WAITING]
        near = top - numbers[index] <= WAITING or (after >= top).any()
        # A number that was there before is that of another stream.
        if not near or (before == numbers[index]).any():
            begins.append(index)
            top = numbers[index]
    return begins
