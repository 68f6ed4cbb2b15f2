"""Spike trains for the rate-coded simulation, made of events instead of drawn from amplitudes."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Iterator

from ..arrays import Floats, Integers
from ..config import EVENTS, TrainerConfig
from ..errors import ConfigError, EventError, SourceError
from ..events.binning import Binner
from ..events.decoding import StreamDecoder
from ..events.packet import EventBuffer
from ..maps.map import Map
from ..sources.event_bag import open_events

# With these settings the amplitude of an input is the number of its events; other settings have no
# equivalent for single events.
_COUNTS = {
    'input.type': EVENTS,
    'input.events.window': 'time',
    'input.events.polarity': 'merged',
    'input.events.hot_pixels': 0.0,
    'input.events.roi_x': 0,
    'input.events.roi_y': 0,
    'input.events.roi_width': 0,
    'input.events.roi_height': 0,
    'encoding.resize': 'area',
    'encoding.tone': 'linear',
    'encoding.contrast': 'none',
    'encoding.adapt': False,
}


class EventTrains:
    """
    Spike trains of some event-count images of a recording: their own events, in bins of time.

    `weight` is the value of an event, chosen so that the mean rates of a train are the amplitudes
    of its image.
    """

    def __init__(self, path: Path, topic: str, loaded: Map, stamps: Integers, steps: int) -> None:
        """
        Prepare to read the images with these stamps, in `steps` bins per image.

        :raises ConfigError: if the map's amplitudes are not numbers of events, or `steps` does
            not divide the nanoseconds of the window.
        """
        _check(loaded.config)
        window_ns = round(loaded.config.input.events.period * 1e9)
        if window_ns % steps:
            raise ConfigError(
                f'steps: expected a number that divides the window of {window_ns} ns, found {steps}'
            )
        self._path, self._topic, self._stamps = path, topic, stamps
        self._steps, self._period_ns = steps, window_ns // steps
        encoding = loaded.config.encoding
        self._shape = encoding.height, encoding.width
        self._sensor = loaded.sensor.size
        pixels = self._sensor[0] * self._sensor[1] / (encoding.height * encoding.width)
        self.weight = steps / (255.0 * pixels)

    def __iter__(self) -> Iterator[Floats]:
        """Read the recording; yield the counts of each image, float32 (steps, inputs)."""
        wanted = iter(self._stamps.tolist())
        stamp = next(wanted, None)
        buffer = EventBuffer()
        binner = Binner(self._steps, self._period_ns, self._shape, self._sensor[::-1])
        # Unreadable packets made no image either, and are already reported.
        packets = open_events(self._path, self._topic)
        decoder = StreamDecoder(self._sensor, sensor_clock=packets.ratio != 1.0)
        for packet in packets.read():
            try:
                offset_ns, restarted = decoder.decode(packet, buffer)
            except EventError:
                continue
            for bins in binner.add(buffer, offset_ns, restarted):
                if bins.stamp_ns == stamp:
                    yield bins.counts.reshape(self._steps, -1)
                    stamp = next(wanted, None)
        if stamp is not None:
            raise SourceError(
                f'{self._path}: expected the events of the image of {stamp} ns, found none'
            )


def _check(config: TrainerConfig) -> None:
    for name, wanted in _COUNTS.items():
        found = reduce(getattr, name.split('.'), config)
        if found != wanted:
            raise ConfigError(
                f'events as spikes need a map whose amplitudes are numbers of events: '
                f'{name}: expected {wanted!r}, found {found!r}'
            )
