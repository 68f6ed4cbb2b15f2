"""
Storage files in MCAP, of any recorder.

Indexes are optional in MCAP: the summary is used where it is complete, and otherwise the file is
read once when it is opened. Format: https://mcap.dev/spec.
"""

from __future__ import annotations

import heapq
import re
import struct
import zlib
from collections import Counter
from pathlib import Path
from typing import Collection, Iterable, Iterator, NamedTuple

from ..errors import SourceError
from . import zstd
from .ros1 import to_cdr
from .storage import ZSTD_MAGIC, RawMessage, Topic, normal_type, signed_ns

MAGIC = b'\x89MCAP0\r\n'
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK = 2, 3, 4, 5, 6
_CHUNK_INDEX, _STATISTICS, _DATA_END = 8, 11, 15
_NEEDED = (_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _CHUNK_INDEX, _STATISTICS)
_PREFIX = struct.Struct('<BQ')
_HEAD = struct.Struct('<HIQQ')
_FOOTER_SIZE = _PREFIX.size + 20 + len(MAGIC)
# A chunk may not unpack to more bytes, and a record outside of chunks may not be larger.
_LARGEST = 1 << 30
# Encodings of messages; ros1 is converted by the reader.
_READABLE = ('cdr', 'ros1')
# A definition with the header of ROS 1, which `pybag convert` leaves in messages of ROS 2.
_ROS1_HEADER = re.compile(
    rb'MSG: std_msgs/(msg/)?Header[ \t\r]*\n([ \t]*(#[^\n]*)?\n)*uint32 +seq\b'
)
# Where the nanoseconds of a stamp are, after the sequence number its seconds, and their limit.
_NANOSECONDS, _SECOND = 8, 1_000_000_000
# How messages in CDR begin.
_ENCAPSULATIONS = (b'\0\1\0\0', b'\0\0\0\0')

Bytes = bytes | memoryview


class _Cut(ValueError):
    """The file ends within a record; its text is the number of bytes left."""


class _Channel(NamedTuple):
    """old_header: whether its definition has the header of ROS 1."""

    topic: str
    type: str
    encoding: str
    old_header: bool


class _Part(NamedTuple):
    """
    A chunk, or a message outside of chunks: position in the file, first receive time, channels.

    channels: None where they are unknown.
    """

    position: int
    first_ns: int
    channels: frozenset[int] | None

    def has(self, chosen: Collection[int]) -> bool:
        return self.channels is None or not self.channels.isdisjoint(chosen)


class _Memory:
    """Memory of one reading, used again for each chunk: new memory takes longer than reading."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def of(self, size: int) -> memoryview:
        if len(self._bytes) < size:
            self._bytes = bytearray(size)
        return memoryview(self._bytes)[:size]


class McapFile:
    """An open .mcap file; one that was cut off is read up to its last whole record."""

    def __init__(self, path: Path) -> None:
        """
        Open the file and find its topics.

        :raises ValueError: if it is damaged or no MCAP.
        """
        self.incomplete = ''
        self._schemas: dict[int, tuple[str, bool]] = {}
        self._channels: dict[int, _Channel] = {}
        self._parts: list[_Part] = []
        # Whether the messages of a channel in ros1 are, by its first one.
        self._ros1: dict[int, bool] = {}
        self._stream = path.open('rb')
        try:
            self._size = path.stat().st_size
            if self._stream.read(len(MAGIC)) != MAGIC:
                raise ValueError('it does not begin as MCAP does')
            counts = self._summary()
            if counts is None:
                counts = self._scan()
        except BaseException:
            self.close()
            raise
        self.topics = [
            Topic(channel.topic, channel.type, counts.get(number, 0))
            for number, channel in self._channels.items()
        ]
        times = [part.first_ns for part in self._parts if part.channels != frozenset()]
        self.start_ns = min(times, default=None)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def recorded(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order in which they were recorded."""
        return self._recorded(topics, None)

    def heads(self, topic: str, size: int) -> Iterator[RawMessage]:
        """Yield the messages of a topic as `recorded`, with at least `size` bytes of each."""
        return self._recorded([topic], size)

    def _recorded(self, topics: Collection[str], size: int | None) -> Iterator[RawMessage]:
        chosen, memory = self._chosen(topics), _Memory()
        for part in self._parts:
            if part.has(chosen):
                for item in self._read(part, chosen, memory, size):
                    yield self._raw(chosen, item)

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order of their receive times."""
        chosen = self._chosen(topics)
        parts = sorted(
            (part for part in self._parts if part.has(chosen)), key=lambda part: part.first_ns
        )
        waiting: list[tuple[int, int, tuple[int, int, bytes]]] = []
        number, memory = 0, _Memory()
        for part in parts:
            # Later parts hold only later messages.
            while waiting and waiting[0][0] < part.first_ns:
                yield self._raw(chosen, heapq.heappop(waiting)[2])
            for item in self._read(part, chosen, memory):
                number += 1
                heapq.heappush(waiting, (item[1], number, item))
        while waiting:
            yield self._raw(chosen, heapq.heappop(waiting)[2])

    def _chosen(self, topics: Collection[str]) -> dict[int, _Channel]:
        chosen = {n: each for n, each in self._channels.items() if each.topic in topics}
        for channel in chosen.values():
            if channel.encoding not in _READABLE:
                raise SourceError(
                    f'{channel.topic} is encoded as {channel.encoding!r}; expected cdr'
                )
        return chosen

    def _raw(self, channels: dict[int, _Channel], item: tuple[int, int, bytes]) -> RawMessage:
        number, time, data = item
        channel = channels[number]
        if channel.encoding == 'ros1' and self._ros1.get(number, True):
            try:
                data = to_cdr(data, channel.type)
            except SourceError:
                raise
            except Exception:
                # Only the first message says what a channel holds; after it this is damage.
                if number in self._ros1 or data[:4] not in _ENCAPSULATIONS:
                    raise
                self._ros1[number] = False
                self.incomplete = f'{channel.topic} is in CDR, although its channel says ros1'
            else:
                self._ros1[number] = True
        elif channel.old_header and _begins_with_a_number(data):
            raise SourceError(
                f'{channel.topic} is in CDR, but its headers begin with the number (seq) that they '
                'have in ROS 1 only, as pybag leaves them: give the ROS 1 bag itself, or '
                'convert it with rosbags-convert'
            )
        return RawMessage(channel.topic, channel.type, time, data)

    def _summary(self) -> dict[int, int] | None:
        """Return the number of messages of each channel, or None if the summary lacks it."""
        self._stream.seek(max(self._size - _FOOTER_SIZE, 0))
        end = self._stream.read(_FOOTER_SIZE)
        if len(end) < _FOOTER_SIZE or end[0] != _FOOTER or not end.endswith(MAGIC):
            return None
        (begin,) = struct.unpack_from('<Q', end, _PREFIX.size)
        if not len(MAGIC) <= begin < self._size:
            return None
        counts: dict[int, int] | None = None
        chunks = 0
        parts = []
        self._stream.seek(begin)
        while True:
            kind, body = self._record()
            if kind == _FOOTER:
                break
            self._define(kind, body)
            if kind == _STATISTICS:
                messages, _, _, _, _, chunks, _, _, size = struct.unpack_from('<QHIIIIQQI', body)
                counts = dict(struct.iter_unpack('<HQ', body[46 : 46 + size]))
                if sum(counts.values()) != messages:
                    counts = None
            elif kind == _CHUNK_INDEX:
                parts.append(_indexed(body))
        if (
            not counts
            or not parts
            or len(parts) != chunks
            or not set(counts) <= set(self._channels)
        ):
            return None
        self._parts = sorted(parts, key=lambda part: part.position)
        return counts

    def _scan(self) -> dict[int, int]:
        """Read the file once; return the number of messages of each channel."""
        counts: Counter[int] = Counter()
        memory = _Memory()
        self._stream.seek(len(MAGIC))
        while True:
            position = self._stream.seek(0, 1)
            try:
                kind, body = self._record(memory)
            except _Cut as cut:
                if not counts:
                    raise ValueError('it was cut off before its first message') from None
                # Nothing is left of a file that is still being written.
                end = 'it has no end'
                if cut.args[0]:
                    end = f'its last {cut} bytes are no whole record'
                read = f'read up to there, {sum(counts.values())} messages'
                self.incomplete = f'the file was cut off: {end}; {read}'
                return counts
            if kind in (_DATA_END, _FOOTER):
                return counts
            if kind == _MESSAGE:
                number, time, _ = _message(body)
                self._parts.append(_Part(position, time, frozenset((number,))))
                counts[number] += 1
            elif kind == _CHUNK:
                within: Counter[int] = Counter()
                times = []
                for inner, content in _inner_records(_unpacked_chunk(body)):
                    if inner == _MESSAGE:
                        number, time, _ = _message(content)
                        within[number] += 1
                        times.append(time)
                    else:
                        self._define(inner, bytes(content))
                self._parts.append(_Part(position, min(times, default=0), frozenset(within)))
                counts.update(within)
            else:
                self._define(kind, body)

    def _read(
        self, part: _Part, chosen: dict[int, _Channel], memory: _Memory, size: int | None = None
    ) -> Iterator[tuple[int, int, bytes]]:
        """Yield channel, receive time and data, or `size` bytes of it, of a part's messages."""
        # Another reader of the same file may have moved the stream.
        self._stream.seek(part.position)
        kind, body = self._record(memory)
        if kind == _MESSAGE:
            records: Iterable[tuple[int, Bytes]] = [(kind, body)]
        elif kind == _CHUNK:
            records = _inner_records(_unpacked_chunk(body))
        else:
            raise ValueError(f'expected a chunk at byte {part.position}, found record {kind}')
        for inner, content in records:
            if inner == _MESSAGE:
                number, time, data = _message(content)
                if number in chosen:
                    whole = data[:4] == ZSTD_MAGIC or chosen[number].encoding != 'cdr'
                    yield number, time, bytes(data if whole else data[:size])

    def _record(self, memory: _Memory | None = None) -> tuple[int, Bytes]:
        """
        Return type and content of the record at the present position.

        :param memory: for chunks.
        """
        position = self._stream.seek(0, 1)
        head = self._stream.read(_PREFIX.size)
        if len(head) < _PREFIX.size:
            raise _Cut(len(head))
        kind, size = _PREFIX.unpack(head)
        if kind == 0:
            raise ValueError(f'a record without a type at byte {position}')
        left = self._size - position - _PREFIX.size
        if size > left:
            raise _Cut(left + _PREFIX.size)
        if kind not in _NEEDED:
            self._stream.seek(size, 1)
            return kind, b''
        if size > _LARGEST:
            raise ValueError(f'a record of {size} bytes; expected at most {_LARGEST}')
        if memory is None or kind != _CHUNK:
            return kind, self._stream.read(size)
        view = memory.of(size)
        if self._stream.readinto(view) < size:
            raise _Cut(left + _PREFIX.size)
        return kind, view

    def _define(self, kind: int, body: Bytes) -> None:
        """Take the name of a type, or a channel."""
        if kind == _SCHEMA and body:
            (number,) = struct.unpack_from('<H', body)
            old_header = _ROS1_HEADER.search(body) is not None
            self._schemas.setdefault(number, (_text(body, 2)[0], old_header))
        elif kind == _CHANNEL and body:
            number, schema = struct.unpack_from('<HH', body)
            topic, at = _text(body, 4)
            encoding, _ = _text(body, at)
            name, old_header = self._schemas.get(schema, ('', False))
            channel = _Channel(topic, normal_type(name), encoding, old_header)
            self._channels.setdefault(number, channel)


def _begins_with_a_number(data: bytes) -> bool:
    """Return whether the header of a message in CDR has its seconds where nanoseconds should be."""
    if len(data) < _NANOSECONDS + 4:
        return False
    order = '<I' if data[1] & 1 else '>I'
    (found,) = struct.unpack_from(order, data, _NANOSECONDS)
    return int(found) >= _SECOND


def _text(body: Bytes, at: int) -> tuple[str, int]:
    """Return the text at a position, and the position after it."""
    (size,) = struct.unpack_from('<I', body, at)
    end = at + 4 + size
    if end > len(body):
        raise ValueError('a text longer than its record')
    return bytes(body[at + 4 : end]).decode(), end


def _indexed(body: Bytes) -> _Part:
    """Return the chunk of an index record; its channels are unknown without message indexes."""
    first, _, position, _, size = struct.unpack_from('<QQQQI', body)
    numbers = struct.iter_unpack('<HQ', body[36 : 36 + size])
    channels = frozenset(number for number, _ in numbers) if size else None
    return _Part(position, signed_ns(first), channels)


def _message(body: Bytes) -> tuple[int, int, Bytes]:
    """Return channel, receive time in ns and data of a message."""
    number, _, time, _ = _HEAD.unpack_from(body)
    return number, signed_ns(time), body[_HEAD.size :]


def _inner_records(data: Bytes) -> Iterator[tuple[int, Bytes]]:
    """Yield the records of a chunk, as views."""
    view, at = memoryview(data), 0
    while at < len(data):
        kind, size = _PREFIX.unpack_from(data, at)
        at += _PREFIX.size
        if at + size > len(data):
            raise ValueError('a record longer than its chunk')
        yield kind, view[at : at + size]
        at += size


def _unpacked_chunk(body: Bytes) -> Bytes:
    _, _, size, crc = struct.unpack_from('<QQQI', body)
    compression, at = _text(body, 28)
    (packed_size,) = struct.unpack_from('<Q', body, at)
    packed = memoryview(body)[at + 8 : at + 8 + packed_size]
    if len(packed) != packed_size or size > _LARGEST:
        raise ValueError(f'a chunk of {size} bytes that is not whole')
    data: Bytes
    if compression == '':
        data = packed
    elif compression == 'zstd':
        data = zstd.unpack(packed, size)
    elif compression == 'lz4':
        from lz4.frame import LZ4FrameDecompressor

        data = LZ4FrameDecompressor().decompress(packed, max_length=size)
    else:
        raise ValueError(f'unknown compression {compression[:40]!r}; known are zstd and lz4')
    if len(data) != size:
        raise ValueError(f'expected {size} bytes in a chunk, found {len(data)}')
    if crc and zlib.crc32(data) != crc:
        raise ValueError('a chunk whose checksum differs')
    return data
