"""Messages to bytes and back; stamps moved in the bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import SECOND, picture, steady

from vprtempo_ros.errors import ImageError
from vprtempo_ros.sources.cdr import (
    COMPRESSED,
    IMAGE,
    live_typestore,
    read_message,
    restamp,
    stamp_ns,
    typestore,
    write_message,
)
from vprtempo_ros.sources.image_bag import compressed_message, image_message

STAMP = 12 * SECOND + 345_678_901


def image_bytes(stamp: int = STAMP) -> bytes:
    """Return the bytes of a small image message."""
    return write_message(image_message(stamp, picture(1, 4, 6), 'mono8', 'cam'), IMAGE)


def big_endian(stamp: int) -> bytes:
    """Return the bytes of a compressed image as a big-endian machine writes them."""
    seconds, nanoseconds = divmod(stamp, SECOND)
    return (
        b'\x00\x00\x00\x00'
        + struct.pack('>iI', seconds, nanoseconds)
        + struct.pack('>I', 4)
        + b'cam\0'
        + struct.pack('>I', 5)
        + b'jpeg\0'
        + b'\0\0\0'
        + struct.pack('>I', 2)
        + b'\xff\xd8'
    )


def test_round_trip() -> None:
    """An image message is the same after serialisation."""
    message = read_message(image_bytes(), IMAGE)
    assert stamp_ns(message.header) == STAMP
    assert message.header.frame_id == 'cam'
    assert (message.height, message.width, message.step) == (4, 6, 6)
    assert message.encoding == 'mono8'
    np.testing.assert_array_equal(message.data.reshape(4, 6), picture(1, 4, 6))


def test_big_endian_messages_are_read() -> None:
    """The byte order of the message counts, not that of this machine."""
    message = read_message(big_endian(STAMP), COMPRESSED)
    assert stamp_ns(message.header) == STAMP
    assert message.format == 'jpeg'
    assert bytes(message.data) == b'\xff\xd8'


@pytest.mark.parametrize('shift', [0, 1, -1, SECOND, -STAMP, -STAMP - 1, 1_700_000_000 * SECOND])
def test_restamp_little_endian(shift: int) -> None:
    """The stamp moves by the shift, also below zero; every other byte stays."""
    data = image_bytes()
    moved = restamp(data, shift)
    assert stamp_ns(read_message(moved, IMAGE).header) == STAMP + shift
    assert moved[:4] + moved[12:] == data[:4] + data[12:]


@pytest.mark.parametrize('shift', [0, 5 * SECOND + 1, -STAMP - 1])
def test_restamp_big_endian(shift: int) -> None:
    """The stamp of a big-endian message moves by the shift too."""
    data = big_endian(STAMP)
    moved = restamp(data, shift)
    assert stamp_ns(read_message(moved, COMPRESSED).header) == STAMP + shift
    assert moved[12:] == data[12:]


@steady
@given(st.integers(0, 2**31 - 1), st.integers(0, SECOND - 1), st.integers(-(2**60), 2**60))
def test_restamp_keeps_nanoseconds_in_range(seconds: int, nanoseconds: int, shift: int) -> None:
    """With any shift nanoseconds stay below a second, and moving back gives the original."""
    stamp = seconds * SECOND + nanoseconds
    if not -(2**31) * SECOND <= stamp + shift < 2**31 * SECOND:
        return
    data = restamp(image_bytes(0), stamp)
    moved = restamp(data, shift)
    assert struct.unpack_from('<I', moved, 8)[0] < SECOND
    assert restamp(moved, -shift) == data


@pytest.mark.parametrize(
    ('data', 'shift'),
    [
        (b'', 0),
        (b'\x00\x01\x00\x00', 0),
        (b'\x00\x01\x00\x00' + bytes(7), 0),
        (b'\x00\x01\x00\x00' + bytes(8), 2**31 * SECOND),
    ],
)
def test_restamp_of_what_has_no_place_for_it(data: bytes, shift: int) -> None:
    """Bytes too short for a stamp, or a stamp beyond int32 seconds, give an ImageError."""
    with pytest.raises(ImageError):
        restamp(data, shift)


@pytest.mark.parametrize('cut', [0, 3, 4, 11, 20, 30, -1])
def test_a_message_cut_short(cut: int) -> None:
    """Bytes that end too early give one line that names the type."""
    with pytest.raises(ImageError) as caught:
        read_message(image_bytes()[:cut], IMAGE)
    assert IMAGE in str(caught.value)
    assert '\n' not in str(caught.value)


@steady
@given(st.binary(max_size=200), st.sampled_from([IMAGE, COMPRESSED, 'nav_msgs/msg/Odometry']))
def test_random_bytes_raise_nothing_but_image_errors(data: bytes, type_name: str) -> None:
    """Any bytes are a message or an ImageError."""
    try:
        message = read_message(data, type_name)
    except ImageError:
        return
    assert message.__msgtype__ == type_name


@steady
@given(st.integers(0, len(image_bytes()) - 1), st.integers(1, 255))
def test_a_flipped_byte_raises_nothing_but_image_errors(where: int, mask: int) -> None:
    """A damaged message is read or gives an ImageError."""
    data = bytearray(image_bytes())
    data[where] ^= mask
    try:
        read_message(bytes(data), IMAGE)
    except ImageError:
        pass


def test_an_unknown_type_is_an_image_error() -> None:
    """A type without definition gives an ImageError."""
    with pytest.raises(ImageError):
        read_message(image_bytes(), 'my_msgs/msg/Thing')


def test_own_definitions_are_those_of_ros() -> None:
    """What nodes load in place of all messages has the same fields, in the same order."""
    from rosbags.typesys import Stores, get_typestore

    theirs, ours = get_typestore(Stores.ROS2_JAZZY).fielddefs, live_typestore().fielddefs
    common = set(theirs) & set(ours)
    assert {IMAGE, COMPRESSED, 'nav_msgs/msg/Odometry'} <= common
    for name in common:
        assert ours[name][1] == theirs[name][1], name


def test_compressed_round_trip() -> None:
    """The bytes of an image file are kept as they are."""
    data = write_message(compressed_message(STAMP, b'\xff\xd8rest', 'jpeg', 'cam'), COMPRESSED)
    message = read_message(data, COMPRESSED)
    assert bytes(message.data) == b'\xff\xd8rest'
    assert isinstance(message, typestore().types[COMPRESSED])


def test_data_are_a_view() -> None:
    """The pixels of an image are those of the bytes; a copy would take a tenth of a frame."""
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    data = write_message(image_message(0, pixels, 'rgb8', 'camera'), IMAGE)
    message = read_message(data, IMAGE)
    assert np.shares_memory(message.data, np.frombuffer(data, np.uint8))
    assert (message.data == pixels.reshape(-1)).all()
