"""Messages of events: the bytes that ROS writes are read as views, and broken ones refused."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT
from support.events import ENCODINGS, HEIGHT, WIDTH, columns, packet, random_events, same
from support.helpers import steady

from vprtempo_ros.config import EventsConfig
from vprtempo_ros.errors import EventError
from vprtempo_ros.events import checks, event_array, evt3, kernels, libcaer, libcaer_cmp
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.packet import EVENT_ARRAY, EventBuffer
from vprtempo_ros.events.stream import EventStream, prepare
from vprtempo_ros.sources.cdr import ARRAY, PACKET, typestore, write_message
from vprtempo_ros.sources.event_msg import EVENT_TYPES, packet_message, read_packet

INTERFACES = ROOT / 'interfaces'


def array_message(count: int, frame_id: str = 'dvs') -> Any:
    """Return a dvs_msgs/EventArray of the typestore, and its events."""
    types = typestore().types
    events = random_events(max(count, 1)).part(slice(count))
    time = types['builtin_interfaces/msg/Time']
    found = [
        types['dvs_msgs/msg/Event'](x, y, time(t // 1_000_000, t % 1_000_000 * 1000), bool(p))
        for x, y, p, t in zip(*(column.tolist() for column in events))
    ]
    header = types['std_msgs/msg/Header'](time(12, 34), frame_id)
    return types[ARRAY](header, HEIGHT, WIDTH, found), events


@pytest.mark.parametrize('encoding', [name for name in ENCODINGS if name != EVENT_ARRAY])
def test_packets_are_read_as_they_were_written(encoding: str) -> None:
    """All fields are read, and the events are a view of the bytes."""
    made = packet(encoding, random_events(200), seq=7)
    data = write_message(packet_message(made), PACKET)
    found = read_packet(data, PACKET)
    assert found._replace(data=made.data) == made
    assert np.array_equal(found.data, made.data)
    assert not found.data.flags.owndata


@pytest.mark.parametrize('frame_id', ['', 'a', 'ab', 'abc', 'abcd', 'event_camera', 'ü'])
@pytest.mark.parametrize('count', [0, 1, 2, 500])
def test_arrays_are_read_wherever_their_events_begin(frame_id: str, count: int) -> None:
    """The position of events depends on the frame_id; there is no object for each event."""
    message, events = array_message(count, frame_id)
    found = read_packet(write_message(message, ARRAY), ARRAY)
    assert (found.encoding, found.width, found.height) == (EVENT_ARRAY, WIDTH, HEIGHT)
    assert (found.stamp_ns, found.frame_id, found.seq) == (12_000_000_034, frame_id, None)
    buffer = EventBuffer()
    StreamDecoder(prefer='own').decode(found, buffer)
    assert same(columns(buffer), events)
    assert not found.data.flags.owndata


def test_arrays_of_the_other_byte_order() -> None:
    """The second byte of CDR defines the byte order."""
    message, events = array_message(50, 'dvs')
    data = bytes(typestore().serialize_cdr(message, ARRAY, little_endian=False))
    assert data[:2] == b'\0\0'
    buffer = EventBuffer()
    StreamDecoder(prefer='own').decode(read_packet(data, ARRAY), buffer)
    assert same(columns(buffer), events)


def test_bytes_of_ros() -> None:
    """What rclpy serialises of both messages is what we read."""
    pytest.importorskip('rclpy', reason='needs ROS 2: make setup')
    pytest.importorskip('dvs_msgs', reason='needs dvs_msgs')
    from dvs_msgs.msg import Event, EventArray
    from event_camera_msgs.msg import EventPacket
    from rclpy.serialization import serialize_message

    events = random_events(100)
    made = packet('mono', events, seq=3)
    message = EventPacket(
        height=HEIGHT,
        width=WIDTH,
        seq=3,
        time_base=made.time_base,
        encoding='mono',
        events=made.data.tobytes(),
    )
    message.header.frame_id = 'dvs'
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(made.stamp_ns, 10**9)
    found = read_packet(serialize_message(message), PACKET)
    assert found._replace(data=made.data) == made
    assert np.array_equal(found.data, made.data)

    array = EventArray(height=HEIGHT, width=WIDTH)
    for x, y, p, t in zip(*(column.tolist() for column in events)):
        event = Event(x=x, y=y, polarity=bool(p))
        event.ts.sec, event.ts.nanosec = t // 1_000_000, t % 1_000_000 * 1000
        array.events.append(event)
    buffer = EventBuffer()
    StreamDecoder(prefer='own').decode(read_packet(serialize_message(array), ARRAY), buffer)
    assert same(columns(buffer), events)


@pytest.mark.parametrize('name', [PACKET, ARRAY])
@given(cut=st.integers(0, 400))
@steady
def test_cut_messages(name: str, cut: int) -> None:
    """A message cut off at any byte is refused with one line."""
    made = (
        packet_message(packet('mono', random_events(30), seq=1))
        if name == PACKET
        else array_message(30)[0]
    )
    data = write_message(made, name)
    if cut < len(data):
        with pytest.raises(EventError):
            read_packet(data[:cut], name)


def test_arrays_that_claim_too_much() -> None:
    """A number of events beyond the end of the message is refused."""
    message, _ = array_message(3, '')
    data = bytearray(write_message(message, ARRAY))
    where = len(data) - (16 * 3 - 3) - 4
    assert struct.unpack_from('<I', data, where) == (3,)
    for claim in (4, 2**16, 2**31, 2**32 - 1):
        struct.pack_into('<I', data, where, claim)
        with pytest.raises(EventError, match=f'expected {claim} events'):
            read_packet(bytes(data), ARRAY)
    struct.pack_into('<I', data, 12, 2**31)
    with pytest.raises(EventError):
        read_packet(bytes(data), ARRAY)


@pytest.mark.parametrize(
    'file',
    [
        'event_camera_msgs/msg/EventPacket.msg',
        'dvs_msgs/msg/EventArray.msg',
        'dvs_msgs/msg/Event.msg',
    ],
)
def test_definitions_agree(file: str) -> None:
    """The definitions for rosbags have the fields of those that ROS is built with."""
    from rosbags.typesys import get_types_from_msg

    name = file.removesuffix('.msg')
    defined = get_types_from_msg((INTERFACES / file).read_text(encoding='utf-8'), name)
    assert typestore().fielddefs[name] == defined[name]


def test_types_that_are_read() -> None:
    """Both messages, and other names of each."""
    assert EVENT_TYPES == (
        'event_camera_msgs/msg/EventPacket',
        'event_array_msgs/msg/EventArray',
        'dvs_msgs/msg/EventArray',
        'prophesee_event_msgs/msg/EventArray',
    )


def test_nothing_is_compiled_on_a_live_packet() -> None:
    """After `prepare` no loop is compiled, for each encoding and alignment."""
    prepare()
    loops = [
        evt3._decode,
        libcaer._decode,
        libcaer_cmp._decode,
        event_array._decode,
        checks._check,
        kernels.add_until,
        kernels.add_number,
        kernels.leak_until,
    ]
    before = [len(loop.signatures) for loop in loops]
    for window in ('time', 'count', 'leaky'):
        for frame_id in ('', 'a', 'event_camera'):
            for encoding in ENCODINGS:
                stream = EventStream(EventsConfig(window=window, count=100), decoder='own')
                if encoding == EVENT_ARRAY:
                    found = read_packet(write_message(array_message(50, frame_id)[0], ARRAY), ARRAY)
                else:
                    made = packet(encoding, random_events(300))._replace(frame_id=frame_id)
                    found = read_packet(write_message(packet_message(made), PACKET), PACKET)
                list(stream.feed(found))
    assert [len(loop.signatures) for loop in loops] == before
