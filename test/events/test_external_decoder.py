"""
The adapter of the decoder of event_camera_py, tested with a substitute for it.

event_camera_py is in ROS from apt only. The substitute has its interface (decode_array,
get_cd_events, columns x, y, p and t, the last int32 in microseconds) and decodes in plain Python;
where event_camera_py is installed, test_event_recordings.py compares it with our decoders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.events import HEIGHT, WIDTH, columns, packet, packets, random_events, same
from support.helpers import START

from vprtempo_ros.errors import EventError
from vprtempo_ros.events.evt3 import Evt3Decoder
from vprtempo_ros.events.external import ExternalDecoder
from vprtempo_ros.events.mono import MonoDecoder
from vprtempo_ros.events.packet import EventBuffer, Packet

COLUMNS = np.dtype(
    {
        'names': ['x', 'y', 'p', 't'],
        'formats': ['<u2', '<u2', 'i1', '<i4'],
        'offsets': [0, 2, 4, 8],
        'itemsize': 12,
    }
)


class StandIn:
    """Decodes evt3 and mono, and returns events as event_camera_py does."""

    def __init__(self) -> None:
        self._decoders: dict[str, Any] = {'evt3': Evt3Decoder(), 'mono': MonoDecoder()}
        self._found = np.zeros(0, COLUMNS)

    def decode_array(
        self, encoding: str, width: int, height: int, time_base: int, events: np.ndarray
    ) -> None:
        """Decode; drop events outside the sensor."""
        assert events.dtype == np.uint8
        if events.size and events[0] == 0x11:
            raise RuntimeError('got unsupported code!')
        buffer = EventBuffer()
        self._decoders[encoding].decode(
            Packet(encoding, width, height, 0, '', events, time_base), buffer
        )
        self._found = np.zeros(len(buffer), COLUMNS)
        for name, column in zip('xyp', columns(buffer)[:3]):
            self._found[name] = column
        self._found['t'] = (buffer.t // 1000).astype(np.int32)

    def get_cd_events(self) -> np.ndarray:
        """Return the events, once."""
        found, self._found = self._found, np.zeros(0, COLUMNS)
        return found


@pytest.mark.parametrize('encoding', ['evt3', 'mono'])
def test_events_come_out_as_they_are(encoding: str) -> None:
    """All columns; times are unwrapped, so their differences are right over any time."""
    events = random_events(3000, span_us=8_000_000_000, first_us=2**31 - 500_000)
    decoder, buffer = ExternalDecoder(StandIn), EventBuffer()
    times = []
    for one in packets(events, 1, 'mono'):
        decoder.decode(one, buffer)
        times += (buffer.t // 1000).tolist()
    assert np.array_equal(np.diff(times), np.diff(events.t_us))
    events = random_events(2000)
    decoder = ExternalDecoder(StandIn)
    for number, one in enumerate(packets(events, 500, encoding)):
        decoder.decode(one, buffer)
        assert same(columns(buffer), events.part(slice(500 * number, 500 * number + 500)))


def test_bytes_that_are_no_words_are_not_handed_over() -> None:
    """event_camera_py would read beyond them."""
    with pytest.raises(EventError, match='words of 8 bytes'):
        ExternalDecoder(StandIn).decode(
            Packet('mono', WIDTH, HEIGHT, START, '', np.zeros(9, np.uint8)), EventBuffer()
        )


def test_what_it_throws_is_one_line() -> None:
    """Its errors become ours, and it is created again."""
    decoder, buffer = ExternalDecoder(StandIn), EventBuffer()
    with pytest.raises(EventError, match='cannot decode evt3 .got unsupported code'):
        decoder.decode(Packet('evt3', WIDTH, HEIGHT, START, '', np.full(4, 0x11, np.uint8)), buffer)
    decoder.decode(packet('evt3', random_events(50)), buffer)
    assert len(buffer) == 50


def test_an_empty_packet() -> None:
    """A packet without events gives none."""
    buffer = EventBuffer()
    ExternalDecoder(StandIn).decode(
        Packet('evt3', WIDTH, HEIGHT, START, '', np.zeros(0, np.uint8)), buffer
    )
    assert len(buffer) == 0
