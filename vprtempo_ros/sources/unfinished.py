"""
Recordings whose program ended while it wrote them: recovered, with their metadata.yaml.

`ros2 bag` reads no bag without metadata.yaml, and its reindexer none with a hot journal.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, cast

import yaml

from ..errors import SourceError
from .bag_writer import METADATA_VERSION, failures
from .database import recover
from .parts import without_metadata

# Start of a bag without messages, as rosbag2 has it.
_NO_START = 2**63 - 1


def hold(folder: Path) -> int:
    """Mark a folder as being recorded to, until the returned descriptor is closed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def finish(folder: Path) -> int | None:
    """
    Recover a sqlite3 recording without metadata.yaml, and write that.

    :returns: the number of its messages; None: there is nothing to do, since it has metadata.yaml,
        is no folder of .db3 files, or is still being recorded.
    :raises SourceError: if it cannot be recovered, or the folder cannot be written.
    """
    files = without_metadata(folder)
    if not files:
        return None
    try:
        handle = hold(folder)
    except BlockingIOError:
        return None
    except OSError as error:
        raise SourceError(f'{folder}: cannot be recovered ({error.strerror})') from None
    try:
        try:
            parts = [_part(file) for file in files]
        except (OSError, sqlite3.Error) as error:
            raise SourceError(f'{folder}: cannot be recovered ({error})') from None
        if None in parts:
            return None
        with failures(folder):
            information = _information([part for part in parts if part is not None])
            _write(folder / 'metadata.yaml', {'rosbag2_bagfile_information': information})
    finally:
        os.close(handle)
    return cast(int, information['message_count'])


class _Part(NamedTuple):
    """A storage file: name, rows of its topics that end with the count, first and last time."""

    path: str
    topics: list[tuple[str, str, str, str, str | None, int]]
    first: int
    last: int


def _part(file: Path) -> _Part | None:
    """Return what is in a storage file; None: another program is writing it."""
    recover(file)
    with closing(sqlite3.connect(file, timeout=0.0)) as connection:
        try:
            # Fails while another connection is in a transaction.
            connection.execute('BEGIN IMMEDIATE')
        except sqlite3.OperationalError as error:
            if 'locked' in str(error):
                return None
            raise
        hashed = 'type_description_hash' in {
            row[1] for row in connection.execute('PRAGMA table_info(topics)')
        }
        topics = connection.execute(
            'SELECT name, type, serialization_format, offered_qos_profiles, '
            f'{"type_description_hash" if hashed else "NULL"}, '
            '(SELECT count(*) FROM messages WHERE topic_id = topics.id) FROM topics ORDER BY id'
        ).fetchall()
        first, last = connection.execute(
            'SELECT min(timestamp), max(timestamp) FROM messages'
        ).fetchone()
        connection.rollback()
    return _Part(
        file.name, topics, _NO_START if first is None else first, 0 if last is None else last
    )


def _information(parts: list[_Part]) -> dict[str, object]:
    counts: dict[tuple[str, str, str, str, str | None], int] = {}
    for part in parts:
        for *topic, count in part.topics:
            key = cast('tuple[str, str, str, str, str | None]', tuple(topic))
            counts[key] = counts.get(key, 0) + count
    return {
        'version': METADATA_VERSION,
        'storage_identifier': 'sqlite3',
        'relative_file_paths': [part.path for part in parts],
        **_span(min(part.first for part in parts), max(part.last for part in parts)),
        'message_count': sum(counts.values()),
        'topics_with_message_count': [
            {
                'topic_metadata': {
                    'name': name,
                    'type': kind,
                    'serialization_format': serialised,
                    'offered_qos_profiles': qos,
                    'type_description_hash': digest or '',
                },
                'message_count': count,
            }
            for (name, kind, serialised, qos, digest), count in counts.items()
        ],
        'compression_format': '',
        'compression_mode': '',
        'files': [
            {
                'path': part.path,
                **_span(part.first, part.last),
                'message_count': sum(topic[-1] for topic in part.topics),
            }
            for part in parts
        ],
        'custom_data': None,
        'ros_distro': 'rosbags',
    }


def _span(first: int, last: int) -> dict[str, object]:
    return {
        'duration': {'nanoseconds': max(last - first, 0)},
        'starting_time': {'nanoseconds_since_epoch': first},
    }


def _write(path: Path, content: dict[str, object]) -> None:
    """Write a file that appears complete, and stays."""
    part = path.with_name(f'{path.name}.tmp')
    with part.open('w', encoding='utf-8') as stream:
        yaml.safe_dump(content, stream, sort_keys=False)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
