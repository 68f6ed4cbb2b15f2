"""Events to event-count images: of a time window, of a number of events, or a fading trace."""

from __future__ import annotations

from math import exp
from typing import Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import EventsConfig
from ..errors import ConfigError
from .hot_pixels import HotPixels
from .image_size import event_image_size
from .kernels import add_number, add_until, leak_until
from .packet import EventBuffer, Events

# The trace is scaled once per period, in which the weights of events may grow by e to this.
_GROWTH_MAX = 20.0


class EventImage(NamedTuple):
    """
    A finished image: stamp of its end in nanoseconds, and float32 (rows, columns).

    With polarities split, ON events are below OFF events. The pixels are valid until the next
    image is requested.
    """

    stamp_ns: int
    pixels: NDArray[np.float32]


class Accumulator:
    """
    Adds the events of a sensor to images, in memory that is allocated once.

    Time windows begin at multiples of their length in stamp time, so that the same events make
    the same images whenever a subscriber joins. A window that began before the first event is
    left out, and so is a window without events.

    :raises ConfigError: if the settings do not fit each other or the sensor.
    """

    def __init__(self, config: EventsConfig, width: int, height: int) -> None:
        """Allocate memory for a sensor of this size."""
        columns, rows = event_image_size(config, width, height)
        self._config, self._width = config, width
        self._period_ns = round(config.period * 1e9)
        self._decay_ns = config.decay * 1e9
        if config.window == 'leaky' and config.period > _GROWTH_MAX * config.decay:
            raise ConfigError(
                f'input.events.period: expected at most {_GROWTH_MAX:g} times '
                f'input.events.decay ({config.decay} s), found {config.period} s'
            )
        planes = 2 if config.polarity == 'split' else 1
        self._whole = np.zeros((planes, height, width), np.float32)
        self._flat = self._whole.reshape(-1)
        roi_rows = rows // planes
        self._region = self._whole[
            :, config.roi_y : config.roi_y + roi_rows, config.roi_x : config.roi_x + columns
        ]
        # Both planes stacked: a region of two planes needs a copy.
        self._cut = np.zeros((planes, roi_rows, columns), np.float32)
        self._starts = np.array([0, (planes - 1) * height * width], np.int64)
        self._gains = np.array([-1.0 if config.polarity == 'signed' else 1.0, 1.0], np.float32)
        self._hot = HotPixels(height, width, config.hot_pixels)
        self._counted = np.zeros(height * width, np.uint8)
        self._count_pixels()
        self._restart()

    def add(self, buffer: EventBuffer, offset_ns: int, jumped: bool) -> Iterator[EventImage]:
        """
        Add the events of a packet; yield each image that they complete.

        :param offset_ns: added to the buffer's times to get stamps.
        :param jumped: whether time jumped before this packet: unfinished images are dropped.
        """
        if jumped:
            self._restart()
        first_ns = buffer.base_ns + offset_ns
        if self._config.window == 'count':
            return self._by_number(buffer.events, first_ns)
        return self._by_time(buffer.events, first_ns)

    def _restart(self) -> None:
        self._flat.fill(0)
        self._left = self._config.count
        self._end_ns: int | None = None
        self._began = False
        self._any = False

    def _by_time(self, events: Events, first_ns: int) -> Iterator[EventImage]:
        index = 0
        while index < len(events):
            stamp = first_ns + int(events[index]) % 2**32
            end = stamp - stamp % self._period_ns + self._period_ns
            if self._end_ns is None:
                # The window is incomplete, unless the first event is at its beginning.
                self._begin(end, stamp % self._period_ns == 0)
            elif stamp >= self._end_ns:
                if self._config.window == 'leaky':
                    self._flat *= np.float32(exp(-self._period_ns / self._decay_ns))
                if self._any and self._began:
                    yield self._finish(self._end_ns)
                self._begin(end, True)
            assert self._end_ns is not None
            index = self._add(events, index, self._end_ns - first_ns)
            self._any = True

    def _begin(self, end_ns: int, whole: bool) -> None:
        if self._config.window == 'leaky':
            if self._end_ns is not None:
                # The image was last scaled at the end of the previous window.
                passed = end_ns - self._period_ns - self._end_ns
                self._flat *= np.float32(exp(-passed / self._decay_ns))
        else:
            self._flat.fill(0)
        self._end_ns, self._began, self._any = end_ns, whole, False

    def _add(self, events: Events, index: int, limit: int) -> int:
        if self._config.window == 'leaky':
            return int(
                leak_until(
                    events,
                    index,
                    limit,
                    self._flat,
                    self._width,
                    self._starts,
                    self._gains,
                    limit - self._period_ns,
                    1.0 / self._decay_ns,
                )
            )
        return int(
            add_until(events, index, limit, self._flat, self._width, self._starts, self._gains)
        )

    def _by_number(self, events: Events, first_ns: int) -> Iterator[EventImage]:
        index = 0
        while index < len(events):
            index, self._left = add_number(
                events,
                index,
                self._left,
                self._flat,
                self._width,
                self._starts,
                self._gains,
                self._counted,
            )
            if self._left == 0:
                yield self._finish(first_ns + int(events[index - 1]) % 2**32)
                self._flat.fill(0)
                self._left = self._config.count

    def _finish(self, stamp_ns: int) -> EventImage:
        if self._hot.watch(self._whole):
            self._count_pixels()
        for plane in self._whole:
            plane.reshape(-1)[self._hot.found] = 0.0
        region = self._region
        if len(region) > 1:
            np.copyto(self._cut, region)
            region = self._cut
        return EventImage(
            stamp_ns, region.reshape(-1, region.shape[2]) if len(region) > 1 else region[0]
        )

    def _count_pixels(self) -> None:
        """Mark the pixels whose events count: in the region and not hot."""
        self._counted.fill(0)
        counted = self._counted.reshape(self._whole.shape[1:])
        rows = self._region.shape[1]
        counted[
            self._config.roi_y : self._config.roi_y + rows,
            self._config.roi_x : self._config.roi_x + self._region.shape[2],
        ] = 1
        self._counted[self._hot.found] = 0
