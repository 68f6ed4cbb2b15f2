"""
Decoders on arbitrary bytes: only EventError, no access out of bounds, always an end.

Besides these examples, `make fuzz` runs a coverage-guided fuzzer; what it found is
among the examples at the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.events import ENCODINGS, HEIGHT, WIDTH, encode, random_events
from support.helpers import START, steady

from vprtempo_ros.config import EventsConfig
from vprtempo_ros.errors import EventError
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.packet import EVENT_ARRAY, EventBuffer, Packet
from vprtempo_ros.events.stream import EventStream
from vprtempo_ros.sources.cdr import ARRAY, PACKET
from vprtempo_ros.sources.event_msg import read_packet

# More than in other tests: most of what is made here is refused at its first word.
thorough = settings(steady, max_examples=40 if 'FEWER' in os.environ else 300)

# Words of valid kinds are more frequent than by chance: pure garbage is refused early.
KINDS = [*range(16), *2 * [0, 1, 2, 3, 4, 5, 6, 8, 10]]


def word(drawn: int) -> int:
    """Return the word of a number: its remainder is the kind, since small numbers are frequent."""
    value, kind = divmod(drawn, len(KINDS))
    return KINDS[kind] << 12 | value


# One number is drawn for a word: drawing is what takes the time here.
WORDS = st.lists(st.integers(0, (len(KINDS) << 12) - 1), max_size=200).map(
    lambda drawn: [word(number) for number in drawn]
)
BYTES = st.one_of(
    st.binary(max_size=300), WORDS.map(lambda words: np.array(words, '<u2').tobytes())
)


def feed(encoding: str, parts: list[bytes], time_base: int, bigendian: bool) -> None:
    """Decode and accumulate; all events are within the sensor and the time of their packet."""
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    stream = EventStream(EventsConfig(period=0.05), decoder='own')
    for number, data in enumerate(parts):
        packet = Packet(
            encoding,
            WIDTH,
            HEIGHT,
            START + number,
            '',
            np.frombuffer(data, np.uint8),
            time_base,
            number,
            bigendian,
        )
        try:
            decoder.decode(packet, buffer)
        except EventError as error:
            assert '\n' not in str(error)
        else:
            assert (buffer.x < WIDTH).all()
            assert (buffer.y < HEIGHT).all()
            assert len(buffer) <= 6 * len(data)
            # Made so that no step back beyond a sensor's jitter is left.
            assert (np.diff(buffer.t) >= -50_000_000).all()
            assert np.ptp(buffer.t) < 2**32 if len(buffer) else True
        try:
            images = list(stream.feed(packet))
        except EventError:
            continue
        assert len(images) <= 2**32 / 50_000_000 + 2


@pytest.mark.parametrize('encoding', ENCODINGS)
@given(
    parts=st.lists(BYTES, min_size=1, max_size=3),
    time_base=st.integers(0, 2**64 - 1),
    bigendian=st.booleans(),
)
@example(parts=[b''], time_base=2**64 - 1, bigendian=False)
@example(parts=[bytes(8)], time_base=2**63 - 1, bigendian=False)
@thorough
def test_garbage(encoding: str, parts: list[bytes], time_base: int, bigendian: bool) -> None:
    """Any bytes in any number of packets."""
    feed(encoding, parts, time_base, bigendian)


@pytest.mark.parametrize('encoding', ENCODINGS)
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=6),
    cut=st.integers(0, 40),
)
@thorough
def test_good_packets_with_wrong_bits(
    encoding: str, flips: list[tuple[int, int]], cut: int
) -> None:
    """Valid packets with flipped bits, as from a bad cable."""
    data = bytearray(encode(encoding, random_events(100, first_us=0)).tobytes())
    for place, bits in flips:
        data[place % len(data)] ^= bits
    feed(encoding, [bytes(data[: len(data) - cut]), bytes(data)], 0, False)


@pytest.mark.parametrize('name', [PACKET, ARRAY])
@given(data=st.binary(max_size=200), head=st.booleans())
@steady
def test_messages_of_garbage(name: str, data: bytes, head: bool) -> None:
    """Bytes are a message or are refused."""
    if head:
        data = b'\0\1\0\0' + bytes(8) + b'\1\0\0\0\0\0\0\0\x30\0\0\0\x40\0\0\0' + data
    try:
        packet = read_packet(data, name)
        StreamDecoder(prefer='own').decode(packet, EventBuffer())
    except EventError as error:
        assert '\n' not in str(error)


@given(words=WORDS)
@example(words=[0x8FFF, 0x6FFF, 0x7FF, 0x3FFF, 0x4FFF, 0x4FFF, 0x5FFF])
@steady
def test_evt3_cut_anywhere_is_the_same(words: list[int]) -> None:
    """State across packets: two halves give the events of the whole, if it is valid."""
    data = np.array(words, '<u2').view(np.uint8)
    whole = StreamDecoder(prefer='own')
    buffer, half = EventBuffer(), EventBuffer()

    def packet(part: np.ndarray) -> Packet:
        return Packet('evt3', 4096, 4096, START, '', part)

    try:
        whole.decode(packet(data), buffer)
    except EventError:
        return
    for cut in range(0, data.size + 1, 14):
        halves = StreamDecoder(prefer='own')
        found = []
        for part in (data[:cut], data[cut:]):
            halves.decode(packet(part), half)
            found.append(np.stack([half.x, half.y, half.p, half.t]))
        expected = np.stack([buffer.x, buffer.y, buffer.p, buffer.t])
        assert np.array_equal(np.concatenate(found, axis=1), expected)


def test_array_bytes_that_end_anywhere() -> None:
    """The loop over an EventArray never reads beyond its bytes."""
    data = encode(EVENT_ARRAY, random_events(20, first_us=0))
    for size in range(data.size):
        packet = Packet(EVENT_ARRAY, WIDTH, HEIGHT, START, '', data[:size])
        buffer = EventBuffer()
        StreamDecoder(prefer='own').decode(packet, buffer)
        assert len(buffer) == (size + 3) // 16


@example(words=[0x8000, 0x6000, 0x0000, 0x3000, *[0x4FFF] * 60])
@given(words=WORDS)
@steady
def test_vectors_that_outgrow_the_memory(words: list[int]) -> None:
    """Vectors give more events than words: found by the fuzzer, with loops run as Python."""
    feed('evt3', [np.array(words, '<u2').tobytes()], 0, False)


@pytest.mark.long
@pytest.mark.parametrize('switch', ['NUMBA_DISABLE_JIT', 'NUMBA_BOUNDSCHECK'])
def test_nothing_is_read_or_written_out_of_bounds(switch: str, tmp_path: Path) -> None:
    """The examples of this file run as Python, and compiled with a check of every index."""
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'pytest',
            '-q',
            '-p',
            'no:cacheprovider',
            '-m',
            'not long',
            __file__,
        ],
        env={**os.environ, switch: '1', 'NUMBA_CACHE_DIR': str(tmp_path), 'FEWER': '1'},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout
