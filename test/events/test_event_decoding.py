"""Decoders of all formats: complete events, state across packets, errors."""

from __future__ import annotations

import numpy as np
import pytest
from support.events import (
    ENCODINGS,
    HEIGHT,
    WIDTH,
    Events,
    columns,
    encode,
    joined,
    packet,
    packets,
    random_events,
    same,
)
from support.helpers import SECOND, START

from vprtempo_ros.errors import EventError
from vprtempo_ros.events.decoding import StreamDecoder, new_decoder
from vprtempo_ros.events.evt3 import Evt3Decoder
from vprtempo_ros.events.packet import EVENT_ARRAY, EVENTS_MAX, EventBuffer, Packet


def decode(found: list[Packet], decoder: StreamDecoder | None = None) -> Events:
    """Decode packets one after the other."""
    decoder, buffer = decoder or StreamDecoder(prefer='own'), EventBuffer()
    parts = []
    for one in found:
        decoder.decode(one, buffer)
        parts.append(columns(buffer))
    return joined(parts)


def words(*values: int) -> np.ndarray:
    """Return 16-bit words as bytes."""
    return np.array(values, '<u2').view(np.uint8)


def evt3(*values: int, seq: int | None = None, stamp_ns: int = START) -> Packet:
    """Return a packet of evt3 words."""
    return Packet('evt3', WIDTH, HEIGHT, stamp_ns, '', words(*values), seq=seq)


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_all_events_come_out(encoding: str) -> None:
    """Encoded events are decoded, in order, packet by packet."""
    events = random_events(5000)
    assert same(decode(packets(events, 700, encoding)), events)


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer_cmp'])
def test_the_other_byte_order(encoding: str) -> None:
    """Packets of a big-endian machine say so."""
    events = random_events(500)
    made = packet(encoding, events)
    size = 8 if encoding == 'mono' else 2
    swapped = made.data.view(f'<u{size}').byteswap().view(np.uint8)
    assert same(decode([made._replace(data=swapped, bigendian=True)]), events)


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_bytes_that_begin_anywhere(encoding: str) -> None:
    """A view into a message may be unaligned."""
    events = random_events(300)
    made = packet(encoding, events)
    moved = np.concatenate([[np.uint8(0)], made.data])[1:]
    assert same(decode([made._replace(data=moved)]), events)


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_an_empty_packet(encoding: str) -> None:
    """A packet without events is valid."""
    empty = Packet(encoding, WIDTH, HEIGHT, START, '', np.zeros(0, np.uint8))
    assert len(decode([empty]).x) == 0


def test_evt3_state_spans_packets() -> None:
    """Cut between any two words, the stream gives the same events."""
    events = random_events(400)
    data = encode('evt3', events)
    whole = decode([Packet('evt3', WIDTH, HEIGHT, START, '', data)])
    assert same(whole, events)
    for cut in range(2, data.size, 34):
        parts = [
            Packet('evt3', WIDTH, HEIGHT, START, '', part) for part in (data[:cut], data[cut:])
        ]
        assert same(decode(parts), events), cut


def test_libcaer_cmp_column_spans_packets() -> None:
    """The column may have been set in the previous packet."""
    first = Packet('libcaer_cmp', WIDTH, HEIGHT, START, '', words(0, 1 << 12, 2 << 12 | 33))
    second = first._replace(data=words(0, 1 << 12 | 7, 3 << 12 | 1 << 11 | 20))
    found = decode([first, second])
    assert [column.tolist() for column in found] == [[33], [20], [1], [7]]


def test_evt3_vectors_span_words() -> None:
    """A base and vectors of 12, 12 and 8 make events of up to 32 columns."""
    found = decode([evt3(0x8001, 0x6002, 5, 3 << 12 | 1 << 11 | 10, 0x4801, 0x4001, 0x5081)])
    assert found.x.tolist() == [10, 21, 22, 34, 41]
    assert set(found.y.tolist()) == {5}
    assert set(found.p.tolist()) == {1}
    assert set(found.t_us.tolist()) == {0x1002}


def test_evt3_waits_until_time_and_row_are_known() -> None:
    """Words whose time or row was sent before subscribing give no events."""
    event = 2 << 12 | 9
    assert len(decode([evt3(event, 5, event, 0x6001, event)]).x) == 0
    assert len(decode([evt3(0x8001, event, 0x6001, event)]).x) == 0
    assert len(decode([evt3(0x8001, 0x6001, 5, event)]).x) == 1
    assert len(decode([evt3(0x6001, 5, 0x8001, event)]).x) == 0


def test_evt3_ignores_what_is_not_about_pixels() -> None:
    """Triggers, continuations, padding and status words are skipped."""
    event = 2 << 12 | 9
    found = decode([evt3(0x8001, 0x6001, 5, event, 0xA101, 0xE0ED, 0xF123, 0x7004, 0x9000, event)])
    assert found.x.tolist() == [9, 9]


def test_evt3_time_wraps() -> None:
    """Every 2^24 us the sensor's time restarts, the events' does not."""
    events = random_events(2000, span_us=60_000_000, first_us=10_000_000)
    found = decode(packets(events, 50))
    assert same(found, events)
    assert found.t_us[-1] > 3 << 24


def test_evt3_time_may_step_back_a_little() -> None:
    """The high time may step back by up to ten without a wrap."""
    event = 2 << 12 | 9
    found = decode([evt3(0x8064, 0x6001, 5, event, 0x805A, event, 0x8065, event)])
    assert found.t_us.tolist() == [100 << 12 | 1, 90 << 12 | 1, 101 << 12 | 1]


def test_libcaer_time_wraps_within_a_packet() -> None:
    """Its 31 bits of microseconds wrap within a packet."""
    events = random_events(100, first_us=(1 << 31) - 500_000)
    assert same(decode([packet('libcaer', events)]), events)


@pytest.mark.parametrize('encoding', ['mono', 'libcaer', 'libcaer_cmp'])
def test_time_base(encoding: str) -> None:
    """Times count from the packet's time_base."""
    events = random_events(200, first_us=1_700_000_000_000_000)
    assert same(decode([packet(encoding, events, time_base_us=1_699_999_999_000_000)]), events)


def test_lost_packets_are_counted_and_survived() -> None:
    """After a gap evt3 waits for time and row, then goes on with the right ones."""
    events = random_events(3000)
    every = packets(events, 100)
    kept = [one for one in every if one.seq not in (3, 4, 11)]
    decoder = StreamDecoder(prefer='own')
    found = decode(kept, decoder)
    assert decoder.lost == 3
    wanted = [events.part(slice(100 * (one.seq or 0), 100 * (one.seq or 0) + 100)) for one in kept]
    # These packets begin with time and row, so nothing of them is missing.
    assert same(found, joined(wanted))


def test_after_a_loss_stale_rows_are_not_used() -> None:
    """A packet after a missing one gives no events until it sets a row."""
    event = 2 << 12 | 9
    decoder = StreamDecoder(prefer='own')
    found = decode(
        [evt3(0x8001, 0x6001, 5, event, seq=1), evt3(event, 0x8001, 0x6002, 7, event, seq=3)],
        decoder,
    )
    assert found.y.tolist() == [5, 7]
    assert decoder.lost == 1


def test_numbers_that_do_not_count() -> None:
    """A driver that always says 0 has lost nothing; one that restarts neither."""
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    events = random_events(50)
    for seq in (0, 0, 0, 7, 8, 0, 1):
        decoder.decode(packet('mono', events, seq), buffer)
        assert len(buffer) == 50
    assert decoder.lost == 6


@pytest.mark.parametrize('encoding', ['evt3', 'mono'])
def test_packets_that_come_late(encoding: str) -> None:
    """One with a number is refused and no longer lost; those after it are decoded as if alone."""
    every = packets(random_events(1000), 100, encoding)
    order = [0, 2, 1, 3, 4, 6, 7, 5, 8, 9]
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    found = []
    for number in order:
        if number in (1, 5):
            line = refusal(every[number], decoder)
            assert line.startswith('expected packets in the order of their numbers, found')
            continue
        decoder.decode(every[number], buffer)
        found.append(columns(buffer))
    wanted = [
        random_events(1000).part(slice(100 * n, 100 * n + 100)) for n in order if n not in (1, 5)
    ]
    assert same(joined(found), joined(wanted))
    assert (decoder.lost, decoder.swapped) == (0, 2)
    step = every[7].stamp_ns - every[5].stamp_ns
    assert decoder.largest_step_ns == step > 0


def test_late_packets_without_a_number() -> None:
    """They are decoded, and counted by the times of their events."""
    events = random_events(1000, span_us=100_000)
    every = [one._replace(seq=None, stamp_ns=START) for one in packets(events, 100, 'mono')]
    decoder = StreamDecoder(prefer='own')
    found = decode([every[n] for n in (0, 2, 1, 3, 5, 4, 6, 7, 8, 9)], decoder)
    assert len(found.x) == 1000
    assert (decoder.lost, decoder.swapped) == (0, 2)
    ends = events.t_us[99::100].tolist()
    assert decoder.largest_step_ns == 1000 * max(ends[2] - ends[1], ends[5] - ends[4])


def refusal(one: Packet, decoder: StreamDecoder | None = None) -> str:
    """Return the line with which a packet is refused."""
    with pytest.raises(EventError) as caught:
        (decoder or StreamDecoder(prefer='own')).decode(one, EventBuffer())
    line = str(caught.value)
    assert '\n' not in line
    return line


@pytest.mark.parametrize('encoding', ['trigger', '', 'evt2', 'EVT3', 'x' * 1000])
def test_unknown_encodings(encoding: str) -> None:
    """The error for an unknown encoding names it and the known ones."""
    line = refusal(Packet(encoding, WIDTH, HEIGHT, START, '', words(1, 2)))
    assert f'unknown encoding {encoding[:40]!r}' in line
    assert 'evt3, libcaer_cmp, libcaer, mono' in line


@pytest.mark.parametrize(
    ('encoding', 'size', 'said'),
    [
        ('evt3', 7, 'words of 2 bytes, found 7'),
        ('libcaer_cmp', 3, 'words of 2 bytes, found 3'),
        ('libcaer', 12, 'words of 8 bytes, found 12'),
        ('mono', 9, 'words of 8 bytes, found 9'),
    ],
)
def test_bytes_that_are_no_words(encoding: str, size: int, said: str) -> None:
    """A packet that ends within a word is refused."""
    assert said in refusal(Packet(encoding, WIDTH, HEIGHT, START, '', np.zeros(size, np.uint8)))


@pytest.mark.parametrize(
    ('encoding', 'word', 'said'),
    [
        ('evt3', 0x1000, 'kind 1'),
        ('evt3', 0xB000, 'kind 11'),
        ('evt3', 0xD123, 'kind 13'),
        ('libcaer_cmp', 0x6000, 'kind 6'),
        ('libcaer_cmp', 0xF000, 'kind 15'),
    ],
)
def test_words_of_unknown_kinds(encoding: str, word: int, said: str) -> None:
    """The error names the kind and the position."""
    line = refusal(Packet(encoding, WIDTH, HEIGHT, START, '', words(0x0000, 0x0000, word)))
    assert said in line
    assert 'at byte 4' in line


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('at', [(WIDTH, 0), (0, HEIGHT), (2000, 2000)])
def test_events_outside_the_sensor(encoding: str, at: tuple[int, int]) -> None:
    """The packet is refused as a whole, with number and position of these events."""
    events = random_events(10)
    events.x[4], events.y[4] = at
    line = refusal(packet(encoding, events))
    assert line == (
        f'expected events within {WIDTH}x{HEIGHT}, found 1 outside, the first at ({at[0]}, {at[1]})'
    )


def test_rows_that_do_not_fit_their_bits() -> None:
    """An EventArray has 16 bits for rows, of which one must not become a polarity."""
    events = random_events(10)
    events.y[0] = 0x8001
    assert 'found 1 outside' in refusal(packet(EVENT_ARRAY, events))


@pytest.mark.parametrize('encoding', ['libcaer', 'mono', EVENT_ARRAY, 'libcaer_cmp'])
def test_time_that_runs_backwards_within_a_packet(encoding: str) -> None:
    """Many events out of order by more than a sensor's jitter are refused; by less, accepted."""
    events = random_events(10)
    events.t_us[:] = 1_000_000 + np.arange(10)
    events.t_us[5] -= 40_000
    assert len(decode([packet(encoding, events)]).x) == 10
    events.t_us[:5] += 200_000
    assert 'expected times in order, found one 2' in refusal(packet(encoding, events))


@pytest.mark.parametrize('encoding', ['libcaer', 'mono', EVENT_ARRAY, 'libcaer_cmp'])
@pytest.mark.parametrize('at', [0, 7, 19])
@pytest.mark.parametrize('by_us', [-99_000, 99_000])
def test_single_events_out_of_order(encoding: str, at: int, by_us: int) -> None:
    """Only they are left out, and counted: all others of the packet are used."""
    events = random_events(20)
    events.t_us[:] = 1_000_000 + np.arange(20)
    events.t_us[at] += by_us
    harmless = (at, by_us) in ((0, -99_000), (19, 99_000))
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    decoder.decode(packet(encoding, events, stamp_ns=START), buffer)
    assert decoder.late == (not harmless)
    kept = np.arange(20) != (-1 if harmless else at)
    np.testing.assert_array_equal(buffer.t // 1000, events.t_us[kept])
    np.testing.assert_array_equal(buffer.x, events.x[kept])
    decoder.decode(packet(encoding, events.part(slice(8, 19)), stamp_ns=START), buffer)
    assert len(buffer) == 11
    assert decoder.late == (not harmless)


def test_a_first_event_out_of_order_by_seconds() -> None:
    """The times of an EventArray are then those around its middle."""
    events = random_events(20)
    events.t_us[:] = 1_000_000_000 + np.arange(20)
    events.t_us[0] += 90_000_000
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    decoder.decode(packet(EVENT_ARRAY, events), buffer)
    assert decoder.late == 1
    np.testing.assert_array_equal(buffer.t // 1000, events.t_us[1:])


@pytest.mark.parametrize('encoding', ['evt3', 'libcaer', 'libcaer_cmp', EVENT_ARRAY])
def test_times_that_leap(encoding: str) -> None:
    """A packet longer than 4 s is refused: a wrong bit in a time makes such a leap."""
    events = random_events(10)
    events.t_us[5:] += 6_000_000
    assert 'within 4 s' in refusal(packet(encoding, events))


def test_stamps_that_run_backwards() -> None:
    """Such a packet is refused, and the next one continues from the earlier time."""
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    events = random_events(20)
    decoder.decode(packet('mono', events, 5, START + 10 * SECOND), buffer)
    line = refusal(packet('mono', events, 0, START), decoder)
    assert '10.000 s before' in line
    offset, jumped = decoder.decode(packet('mono', events, 1, START + SECOND), buffer)
    assert jumped
    assert offset + int(buffer.t[0]) == START + SECOND
    _, jumped = decoder.decode(packet('mono', events, 2, START + SECOND), buffer)
    assert not jumped


@pytest.mark.parametrize(
    ('width', 'height'),
    [(0, 10), (10, 0), (1 << 15, 4), (1 << 14, 1 << 14), (2**32 - 1, 2**32 - 1)],
)
def test_sizes_of_no_sensor(width: int, height: int) -> None:
    """Nothing is allocated for a size that only a wrong message claims."""
    events = random_events(10)
    assert f'found {width}x{height}' in refusal(packet('mono', events, width=width, height=height))


def test_another_size_than_before() -> None:
    """A stream has one sensor."""
    decoder = StreamDecoder((WIDTH, HEIGHT), 'own')
    line = refusal(packet('mono', random_events(10), width=640, height=480), decoder)
    assert line == 'expected events of a sensor of 64x48 pixels, found 640x480'


def test_a_packet_that_unpacks_to_too_much() -> None:
    """Vector words give six events per byte: the number in a packet is limited."""
    data = np.tile(words(0x4FFF), EVENTS_MAX // 12 + 100)
    head = words(0x8001, 0x6001, 5, 3 << 12)
    assert f'at most {EVENTS_MAX} events' in refusal(
        Packet('evt3', WIDTH, HEIGHT, START, '', np.concatenate([head, data]))
    )


def test_a_refused_packet_leaves_the_next_ones() -> None:
    """Decoding continues after an unusable packet."""
    events = random_events(1000)
    every = packets(events, 100)
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    found = []
    for one in every:
        if one.seq == 4:
            broken = one._replace(data=words(0x1000))
            assert 'kind 1' in refusal(broken, decoder)
            continue
        decoder.decode(one, buffer)
        found.append(columns(buffer))
    assert same(
        joined(found),
        joined(
            events.part(slice(start, start + 100)) for start in range(0, 1000, 100) if start != 400
        ),
    )


def test_memory_is_used_again() -> None:
    """In the steady state no packet allocates memory."""
    decoder, buffer = Evt3Decoder(), EventBuffer()
    made = packet('evt3', random_events(2000))
    decoder.decode(made, buffer)
    address = buffer.events.ctypes.data
    for _ in range(5):
        decoder.decode(made, buffer)
        assert buffer.events.ctypes.data == address


def test_event_camera_py_when_it_is_missing() -> None:
    """If it is required and not installed, the error says how to install it."""
    try:
        import event_camera_py  # noqa: F401
    except ImportError:
        with pytest.raises(EventError, match='apt install'):
            new_decoder('evt3', 'event_camera_py')
        assert isinstance(new_decoder('evt3'), Evt3Decoder)
