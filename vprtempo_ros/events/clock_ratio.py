"""Whether the stamps of packets run as the clock of the sensor does."""

from __future__ import annotations

from itertools import islice
from typing import Iterable

from ..errors import EventError
from .decoding import StreamDecoder
from .packet import EventBuffer, Packet

# Packets that are looked at, and the least number and span in ns of both clocks for an answer.
_PACKETS, _LEAST, _SPAN_NS = 400, 10, 100_000_000
# Ratios within this factor are those of clocks that run alike, with jitter of the stamps.
_ALIKE = 1.5


def clock_ratio(packets: Iterable[Packet], decoder: str = '') -> float:
    """
    Return how many times as fast as the stamps the clock of the sensor runs; 1.0 for alike.

    Recordings that were played at another speed, or packets that were recorded late, have stamps
    of another rate than the times of their events.
    """
    stream, buffer = StreamDecoder(prefer=decoder), EventBuffer()
    stamps, times = [], []
    for packet in islice(packets, _PACKETS):
        try:
            stream.decode(packet, buffer)
        except EventError:
            continue
        if len(buffer):
            stamps.append(packet.stamp_ns)
            times.append(int(buffer.t[0]))
    if len(stamps) < _LEAST:
        return 1.0
    by_stamps, by_sensor = stamps[-1] - stamps[0], times[-1] - times[0]
    if max(by_stamps, by_sensor) < _SPAN_NS or min(by_stamps, by_sensor) <= 0:
        return 1.0
    ratio = by_sensor / by_stamps
    return ratio if not 1 / _ALIKE < ratio < _ALIKE else 1.0


def ratio_note(topic: str, ratio: float) -> str:
    """Return what is said of a ratio that is not 1."""
    return (
        f'{topic}: the clock of the sensor runs {ratio:.3g} times as fast as the stamps of the '
        'packets: windows are of the time of the sensor, poses are found by the stamps'
    )
