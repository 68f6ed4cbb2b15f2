"""Storage files of rosbag2 in sqlite3."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Collection, Iterator
from urllib.parse import quote

from ..errors import SourceError
from .storage import ZSTD_MAGIC, RawMessage, Topic, normal_type


class SqliteFile:
    """
    An open .db3 file.

    Definitions of messages and QoS are not read: nothing here depends on them, and recorders
    leave them incomplete.
    """

    def __init__(self, path: Path) -> None:
        """
        Open the file and read its topics.

        :raises sqlite3.Error: if it is damaged or no database.
        """
        self.incomplete = ''
        # immutable: no locks, which folders without write permission do not allow.
        self._connection = sqlite3.connect(
            f'file:{quote(str(path.absolute()))}?mode=ro&immutable=1',
            uri=True,
            check_same_thread=False,
        )
        try:
            self._read_topics()
        except BaseException:
            self.close()
            raise

    def _read_topics(self) -> None:
        run = self._connection.execute
        counts = dict(run('SELECT topic_id, count(*) FROM messages GROUP BY topic_id'))
        rows = run('SELECT id, name, type, serialization_format FROM topics ORDER BY id').fetchall()
        self._names = {
            number: (str(name), normal_type(str(kind)), str(encoding))
            for number, name, kind, encoding in rows
        }
        self.topics = [
            Topic(name, kind, counts.get(number, 0))
            for number, (name, kind, _) in self._names.items()
        ]
        self.start_ns = run('SELECT min(timestamp) FROM messages').fetchone()[0]

    def recorded(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order in which they were recorded."""
        return self._select(topics, 'id')

    def heads(self, topic: str, size: int) -> Iterator[RawMessage]:
        """Yield the messages of a topic as `recorded`, with at least `size` bytes of each."""
        packed = f"substr(data, 1, 4) = X'{ZSTD_MAGIC.hex()}'"
        data = f'CASE WHEN {packed} THEN data ELSE substr(data, 1, {int(size)}) END'
        return self._select([topic], 'id', data)

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order of their receive times."""
        return self._select(topics, 'timestamp, id')

    def _select(
        self, topics: Collection[str], order: str, data: str = 'data'
    ) -> Iterator[RawMessage]:
        chosen = {number: each for number, each in self._names.items() if each[0] in topics}
        for name, _, encoding in chosen.values():
            if encoding != 'cdr':
                raise SourceError(f'{name} is encoded as {encoding!r}; expected cdr')
        marks = ','.join('?' * len(chosen))
        rows = self._connection.execute(
            f'SELECT topic_id, timestamp, {data} FROM messages WHERE topic_id IN ({marks}) '
            f'ORDER BY {order}',
            list(chosen),
        )
        for number, stamp_ns, content in rows:
            name, kind, _ = chosen[number]
            yield RawMessage(name, kind, int(stamp_ns), bytes(content))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
