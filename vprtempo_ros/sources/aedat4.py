"""
Files of iniVation's cameras (.aedat4): streams of events, frames, triggers and others.

After a line with the version come a header, which is a table with the compression and a
description of all streams in XML, and packets: number of the stream and size, both int32, then a
table, compressed by itself. Times are microseconds, in recordings of cameras since 1970. The index
at the end is not needed. Format: docs.inivation.com, "AEDAT 4.0 file format".
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Callable, Iterator, NamedTuple, TypeVar
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..arrays import Numbers
from ..errors import ImageError, SourceError
from ..events.packet import Size
from ..frames import BGR, GREY, Image
from ..support.reasons import Reasons
from . import zstd
from .flatbuffer import Table, root

T = TypeVar('T')

FORMATS = (
    (
        'iniVation `.aedat4`',
        'AEDAT 4.0; plain, lz4, zstd; events, frames; 63 bits of time',
        'dv-processing, faery, evutils (writers)',
    ),
)
"""Formats that are read: name, version, what each was tested against."""
EVENTS, FRAMES = 'EVTS', 'FRME'
"""Types of streams."""
_MAGIC = b'#!AER-DAT4.0\r\n'
_COMPRESSIONS = ('none', 'lz4', 'lz4', 'zstd', 'zstd')
# A description has some thousand bytes. A packet may not unpack to more than this.
_DESCRIPTION_MAX, _PACKET_MAX = 1 << 20, 1 << 28
# Bytes of lz4 unpack to this many at most.
_LZ4_RATIO = 256
# Maximum number of packets that are left out.
_BAD = 1000
# Types of pixels in OpenCV's order.
_DEPTHS: dict[int, type] = {0: np.uint8, 2: np.uint16}
_INFO, _SIDES = "./node[@name='info']", ('sizeX', 'sizeY')
_CHANNELS: dict[int, tuple[float, ...]] = {0: GREY, 2: BGR, 3: (*BGR, 0.0)}


class Stream(NamedTuple):
    """Number, type, name and source of a stream; width and height of its sensor if given."""

    number: int
    type: str
    name: str
    source: str
    size: Size | None


class Aedat4File:
    """
    A file of an iniVation camera.

    :raises SourceError: if it is none, or damaged.
    """

    def __init__(self, path: Path) -> None:
        """Read the header."""
        self.path = path
        self.notes: list[str] = []
        try:
            with path.open('rb') as stream:
                header = self._header(stream)
                self._begin = stream.seek(0, 1)
            compression = header.number(0, 'i', 0)
            if not 0 <= compression < len(_COMPRESSIONS):
                raise ValueError(f'unknown compression {compression}')
            self.compression = _COMPRESSIONS[compression]
            index = header.number(1, 'q', -1)
            size = path.stat().st_size
            # Of a recording that was not closed there is no index.
            self._end = index if self._begin <= index <= size else size
            self.streams = _streams(header.text(2))
        except OSError as error:
            raise SourceError(f'{path}: cannot be read ({error.strerror})') from None
        except (ValueError, struct.error, ElementTree.ParseError) as error:
            raise SourceError(f'{path}: damaged, or no file of AEDAT 4.0 ({error})') from None

    def stream(self, kind: str, wanted: str, what: str) -> Stream:
        """
        Return the stream of a type: the one with the wanted name or number, or the only one.

        :raises SourceError: with the candidates, if there is not exactly one.
        """
        found = [each for each in self.streams if each.type == kind]
        chosen = [each for each in found if wanted in ('', each.name, str(each.number))]
        if len(chosen) == 1:
            return chosen[0]
        listed = ', '.join(f'{each.number} {each.name} ({each.type})' for each in self.streams)
        what = f'one stream of {what}' + (f' named {wanted!r}' if wanted else '')
        raise SourceError(
            f'{self.path}: expected {what}, found {len(chosen)} of: {listed or "none"}; name it '
            'in input.topic'
        )

    def packets(self, stream: Stream, bad: Reasons, read: Callable[[Table], T]) -> Iterator[T]:
        """
        Yield what `read` returns for the table of each packet of a stream.

        Packets that do not unpack are left out and counted in `bad`; `notes` say afterwards where
        the file ends within a packet.

        :raises SourceError: if there are many of them.
        """
        kind = stream.type.encode()
        for packed in self._packed(stream.number):
            try:
                found = read(root(self._unpacked(packed), kind))
            except Exception as error:  # noqa: BLE001 - decompressors raise errors of many types
                text = ' '.join(str(error).split())[:200]
                bad.count(f'expected a packet of {stream.type}, found damage ({text})')
                if bad.total() > _BAD:
                    raise SourceError(
                        f'{self.path}: damaged: more than {_BAD} packets do not unpack'
                    ) from None
                continue
            yield found

    def _header(self, stream: BinaryIO) -> Table:
        magic = stream.read(len(_MAGIC))
        if magic != _MAGIC:
            raise ValueError(f'expected {_MAGIC!r}, found {magic!r}')
        start = stream.read(4)
        size = int.from_bytes(start, 'little')
        if size > _DESCRIPTION_MAX:
            raise ValueError(f'a description of {size} bytes')
        return root(start + stream.read(size), b'IOHE')

    def _packed(self, number: int) -> Iterator[bytes]:
        self.notes = []
        with self.path.open('rb') as stream:
            position = self._begin
            while position < self._end:
                stream.seek(position)
                head = stream.read(8)
                which, size = struct.unpack('<ii', head) if len(head) == 8 else (0, -1)
                if size < 0 or position + 8 + size > self._end:
                    self.notes = [
                        f'cut off or damaged at byte {position} of {self._end}: the rest is missing'
                    ]
                    return
                position += 8 + size
                if which == number:
                    # One byte more than is allowed is enough to know.
                    yield stream.read(min(size, _PACKET_MAX + 1))

    def _unpacked(self, packed: bytes) -> bytes:
        if self.compression == 'zstd':
            return zstd.unpack(packed, _PACKET_MAX)
        if self.compression == 'lz4':
            from lz4.frame import LZ4FrameDecompressor

            # Memory for all of `max_length` is allocated.
            most = min(_PACKET_MAX + 1, _LZ4_RATIO * len(packed))
            data = LZ4FrameDecompressor().decompress(packed, max_length=most)
        else:
            data = packed
        if len(data) > _PACKET_MAX:
            raise ValueError(f'more than {_PACKET_MAX} bytes')
        return data


def events_of(packet: Table) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return times in us, int64, and events without time, uint64, of a packet of events."""
    words = packet.vector(0, 16).view('<u8').reshape(-1, 2)
    times, where = words[:, 0].astype(np.int64), words[:, 1]
    on = (where >> np.uint64(32)) & np.uint64(0xFF) != 0
    rows = (where >> np.uint64(16)) & np.uint64(0x7FFF)
    events = (
        on.astype(np.uint64) << np.uint64(63)
        | rows << np.uint64(48)
        | (where & np.uint64(0xFFFF)) << np.uint64(32)
    )
    return times, events


def frame_head(packet: Table) -> tuple[int, Size]:
    """Return time in us and size of a packet with a frame."""
    return packet.number(0, 'q', 0), (packet.number(6, 'h', 0), packet.number(7, 'h', 0))


def frame_image(packet: Table) -> Image:
    """
    Return the pixels of a frame, grey, BGR or BGRA of 8 or 16 bits.

    :raises ImageError: if they are of another type, or fewer than for the size.
    """
    _, (width, height) = frame_head(packet)
    kind = packet.number(5, 'b', 0)
    depth, channels = _DEPTHS.get(kind % 8), _CHANNELS.get(kind // 8)
    if depth is None or channels is None:
        raise ImageError(f'expected pixels of 8 or 16 bits, found OpenCV type {kind}')
    data = packet.vector(10, 1)
    expected = width * height * len(channels) * np.dtype(depth).itemsize
    if width <= 0 or height <= 0 or len(data) != expected:
        raise ImageError(f'expected {width}x{height} pixels, found {len(data)} bytes')
    pixels: Numbers = np.require(data.view(np.dtype(depth).newbyteorder('<')), depth, ['A'])
    return Image(pixels.reshape(height, width, len(channels)), channels)


def _streams(text: str) -> list[Stream]:
    # Without declarations there are no entities, which could grow without a limit.
    if '<!' in text:
        raise ValueError('a description with declarations')
    found = []
    # Recorders nest the streams differently.
    for node in ElementTree.fromstring(text).iter('node'):
        number, kind = node.get('name', ''), _attribute(node, 'typeIdentifier')
        if not (number.isdecimal() and kind):
            continue
        size = [_attribute(node, side, _INFO) or _attribute(node, side) for side in _SIDES]
        found.append(
            Stream(
                int(number[:9]),
                kind,
                _attribute(node, 'originalOutputName') or number,
                _attribute(node, 'source', _INFO),
                (int(size[0]), int(size[1])) if all(map(_is_side, size)) else None,
            )
        )
    return found


def _attribute(node: ElementTree.Element, key: str, where: str = '.') -> str:
    return (node.findtext(f"{where}/attr[@key='{key}']") or '').strip()


def _is_side(text: str) -> bool:
    return text.isdecimal() and 0 < int(text[:9]) <= 1 << 14
