"""Events to counts in time bins, the time steps of spiking backends."""

from __future__ import annotations

from typing import Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kernels import bin_until
from .packet import EventBuffer


class Bins(NamedTuple):
    """
    A finished window: stamp of its end in nanoseconds, and float32 (time, height, width).

    The counts are valid until the next window is requested.
    """

    stamp_ns: int
    counts: NDArray[np.float32]


class Binner:
    """
    Counts events in windows of consecutive time bins.

    Windows begin at multiples of their length in stamp time. As in `Accumulator`, a window that
    began before the first event is left out, and so is a window without events. A sensor with
    more pixels than the bins is divided among them evenly, as in numpy.histogramdd.
    """

    def __init__(
        self, bins: int, period_ns: int, shape: tuple[int, int], sensor: tuple[int, int]
    ) -> None:
        """
        Allocate memory.

        :param bins: number of bins in a window.
        :param period_ns: length of a bin in nanoseconds.
        :param shape: height and width of the bins.
        :param sensor: height and width of the sensor.
        """
        self._period_ns, self._window_ns = period_ns, bins * period_ns
        self._counts = np.zeros((bins, *shape), np.float32)
        self._rows, self._columns = (np.arange(of) * to // of for of, to in zip(sensor, shape))
        self._end_ns: int | None = None
        self._began = False

    def add(self, buffer: EventBuffer, offset_ns: int, jumped: bool) -> Iterator[Bins]:
        """Add the events of a packet as `Accumulator.add`; yield each window they complete."""
        if jumped:
            self._end_ns = None
        first_ns = buffer.base_ns + offset_ns
        index = 0
        while index < len(buffer):
            stamp = first_ns + int(buffer.events[index]) % 2**32
            if self._end_ns is None or stamp >= self._end_ns:
                if self._end_ns is not None and self._began:
                    yield Bins(self._end_ns, self._counts)
                within = stamp % self._window_ns
                self._began = self._end_ns is not None or within == 0
                self._end_ns = stamp - within + self._window_ns
                self._counts.fill(0)
            limit = self._end_ns - first_ns
            index = int(
                bin_until(
                    buffer.events,
                    index,
                    limit,
                    self._counts,
                    limit - self._window_ns,
                    self._period_ns,
                    self._rows,
                    self._columns,
                )
            )
