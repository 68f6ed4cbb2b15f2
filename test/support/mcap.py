"""MCAP files as recorders with other options than rosbag2's write them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

MAGIC = b'\x89MCAP0\r\n'


class McapTopic(NamedTuple):
    """A topic: name, type, encodings of its schema and messages, text of the QoS, definition."""

    name: str
    type: str
    schema: str = 'ros2msg'
    encoding: str = 'cdr'
    qos: str = ''
    definition: str = ''


def text(value: str) -> bytes:
    """Return a string with its length."""
    return struct.pack('<I', len(value)) + value.encode()


def record(kind: int, body: bytes) -> bytes:
    """Return a record."""
    return struct.pack('<BQ', kind, len(body)) + body


def write_mcap(
    path: Path,
    topics: list[McapTopic],
    messages: list[tuple[int, int, bytes]],
    chunk: int = 4,
    index: bool = True,
    summary: bool = True,
    profile: str = 'ros2',
) -> Path:
    """
    Write messages (number of the topic, receive time, data) in their order.

    :param chunk: messages in a chunk; 0: none are in chunks.
    :param index: write message indexes and statistics.
    """
    head = b''
    for number, topic in enumerate(topics):
        known = {'offered_qos_profiles': topic.qos} if topic.qos else {}
        metadata = b''.join(text(key) + text(value) for key, value in known.items())
        schema = text(topic.type) + text(topic.schema) + text(topic.definition)
        head += record(3, struct.pack('<H', number + 1) + schema)
        head += record(
            4,
            struct.pack('<HH', number, number + 1)
            + text(topic.name)
            + text(topic.encoding)
            + struct.pack('<I', len(metadata))
            + metadata,
        )
    out = bytearray(MAGIC + record(1, text(profile) + text('test')))
    indexes = b''
    stored = [
        (number, time, record(5, struct.pack('<HIQQ', number, 0, time, time) + data))
        for number, time, data in messages
    ]
    if not chunk:
        out += head + b''.join(data for _, _, data in stored)
    for begin in range(0, len(stored) if chunk else 0, chunk or 1):
        part = stored[begin : begin + chunk]
        data = (head if begin == 0 else b'') + b''.join(each for _, _, each in part)
        times = [time for _, time, _ in part]
        position = len(out)
        out += record(
            6,
            struct.pack('<QQQI', min(times), max(times), len(data), 0)
            + text('')
            + struct.pack('<Q', len(data))
            + data,
        )
        numbers = sorted({number for number, _, _ in part}) if index else []
        offsets = b''.join(struct.pack('<HQ', number, 0) for number in numbers)
        indexes += record(
            8,
            struct.pack('<QQQQI', min(times), max(times), position, 0, len(offsets))
            + offsets
            + struct.pack('<Q', 0)
            + text('')
            + struct.pack('<QQ', len(data), len(data)),
        )
    out += record(15, bytes(4))
    begin = len(out)
    if summary:
        counts = [(n, sum(number == n for number, _, _ in messages)) for n in range(len(topics))]
        times = [time for _, time, _ in messages]
        statistics = b''.join(struct.pack('<HQ', *each) for each in counts)
        chunks = -(-len(messages) // chunk) if chunk else 0
        out += head
        if index:
            out += record(
                11,
                struct.pack(
                    '<QHIIIIQQI',
                    len(messages),
                    len(topics),
                    len(topics),
                    0,
                    0,
                    chunks,
                    min(times),
                    max(times),
                    len(statistics),
                )
                + statistics,
            )
        out += indexes
    out += record(2, struct.pack('<QQI', begin if summary else 0, 0, 0)) + MAGIC
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(out))
    return path
