"""The first fields of messages, read without their data."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ..events.packet import EVENT_BYTES, Size
from .cdr import ARRAYS, COMPRESSED, FFMPEG_PACKET, IMAGE, OLD_PACKET, PACKET, valid_ns

# Bytes that hold the fields before the data, or an image file's up to its size.
HEAD_BYTES = {COMPRESSED: 1 << 18}
HEAD_DEFAULT = 4096
_ORIENTATION = 0x0112


# Events whose times say when a packet without a number begins.
_EVENTS = 5
_NUMBER_MAX = (1 << 63) - 1


class Head(NamedTuple):
    """
    Stamp in ns, 0 if it was never set or is none, and width and height in pixels, None if unknown.

    number: of packets of events, growing in the order of the sensor: their sequence number, or
    where they have none the time of their first events in ns. frame_id: of the header.
    """

    stamp_ns: int
    size: Size | None
    number: int | None = None
    frame_id: str = ''


def read_head(data: bytes, type_name: str) -> Head:
    """Return the head of a message of images, events or any other that begins with a header."""
    try:
        order = '<' if data[1] & 1 else '>'
        seconds, nanoseconds, length = struct.unpack_from(f'{order}iII', data, 4)
    except (IndexError, struct.error):
        return Head(0, None)
    stamp = valid_ns(seconds, nanoseconds)
    frame_id = frame_id_of(data)
    size = number = None
    with suppress(IndexError, struct.error, ValueError):
        at = 16 + (length + 3) // 4 * 4
        size = _size(data, type_name, order, at)
        number = _number(data, type_name, order, at)
    return Head(stamp, size, number, frame_id)


def frame_id_of(data: bytes) -> str:
    """Return the coordinate frame of a message that begins with a header; empty without one."""
    if len(data) < 16:
        return ''
    (length,) = struct.unpack_from('<I' if data[1] & 1 else '>I', data, 12)
    return bytes(data[16 : 16 + max(length - 1, 0)]).decode('utf-8', 'replace')


def is_of_frame(data: bytes, frame_id: str) -> bool:
    """Return whether a message is of a coordinate frame, before which a slash does not count."""
    return not frame_id or frame_id_of(data).lstrip('/') == frame_id.lstrip('/')


class FrameChoice:
    """
    Takes the messages of one coordinate frame of a live topic; says once that others are left out.

    left_out: how many were.
    """

    def __init__(
        self, frame_id: str, topic: Callable[[], str], say: Callable[[str], object]
    ) -> None:
        """Take all messages if the frame is empty; topic: returns the name of the topic."""
        self._frame_id, self._topic, self._say = frame_id, topic, say
        self.left_out = 0

    def takes(self, data: bytes) -> bool:
        """Return whether a message is of the frame; count it otherwise."""
        if is_of_frame(data, self._frame_id):
            return True
        self.left_out += 1
        if self.left_out == 1:
            self._say(
                f'{self._topic()}: messages of other coordinate frames than {self._frame_id!r} '
                f'(input.frame_id) are left out, such as one of {frame_id_of(data)[:40]!r}'
            )
        return False


def _number(data: bytes, type_name: str, order: str, at: int) -> int | None:
    """Return what grows from packet to packet; height and width are at `at`."""
    if type_name in (PACKET, OLD_PACKET):
        # A field of 8 bytes begins at a multiple of 8 after the first 4.
        (number,) = struct.unpack_from(f'{order}Q', data, (at + 8 - 4 + 7) // 8 * 8 + 4)
        return min(number, _NUMBER_MAX)
    if type_name in ARRAYS:
        (count,) = struct.unpack_from(f'{order}I', data, at + 8)
        first = range(at + 12, at + 12 + min(count, _EVENTS) * EVENT_BYTES, EVENT_BYTES)
        times = sorted(
            seconds * 1_000_000_000 + nanoseconds
            for seconds, nanoseconds in (
                struct.unpack_from(f'{order}iI', data, event + 4) for event in first
            )
        )
        # The one in the middle: a single event may be out of order.
        return times[len(times) // 2] if times else None
    return None


def _size(data: bytes, type_name: str, order: str, at: int) -> Size | None:
    if type_name in (IMAGE, PACKET, OLD_PACKET, *ARRAYS):
        height, width = struct.unpack_from(f'{order}II', data, at)
        return (width, height) if width and height else None
    if type_name == FFMPEG_PACKET:
        width, height = struct.unpack_from(f'{order}ii', data, at)
        return (width, height) if width > 0 and height > 0 else None
    if type_name == COMPRESSED:
        (length,) = struct.unpack_from(f'{order}I', data, at)
        return file_size(data, at + 8 + (length + 3) // 4 * 4)
    return None


def file_size(data: bytes, at: int = 0) -> Size | None:
    """
    Return width and height of the PNG or JPEG that begins at a position; None if unknown.

    They are those after the rotation that cameras note in EXIF, which OpenCV carries out.
    """
    if data[at : at + 8] == b'\x89PNG\r\n\x1a\n':
        width, height = struct.unpack_from('>II', data, at + 16)
        return width, height
    if data[at : at + 2] != b'\xff\xd8':
        return None
    at += 2
    turned = False
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from('>H', data, at + 2)[0]
        # Start of frame, in all its kinds; C4, C8 and CC are other segments.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from('>HH', data, at + 5)
            return (height, width) if turned else (width, height)
        if marker == 0xE1 and data[at + 4 : at + 10] == b'Exif\0\0':
            turned = _is_turned(data[at + 10 : at + 2 + length])
        at += 2 + length
    return None


def _is_turned(exif: bytes) -> bool:
    """Return whether the orientation in EXIF makes rows of columns."""
    order = '<' if exif[:2] == b'II' else '>'
    (at,) = struct.unpack_from(f'{order}I', exif, 4)
    (count,) = struct.unpack_from(f'{order}H', exif, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, _, _, value = struct.unpack_from(f'{order}HHIH', exif, entry)
        if tag == _ORIENTATION:
            return 5 <= value <= 8
    return False
