"""
Recording a live topic so that a crash or a power loss takes the last second at the most.

Messages go into a sqlite3 bag as they came, and what came is committed every so often, which
SQLite does not call done before the disk has it. What is left after a crash any reader of SQLite
brings back to the last commit; an MCAP file without its end is read by few.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping, NamedTuple

from ..errors import SourceError
from .bag_writer import check_sqlite_name, failures, new_writer
from .cdr import typestore


class _Item(NamedTuple):
    topic: str
    stamp_ns: int
    data: bytes


class Recorder:
    """
    A bag that is being written by a thread of its own; memory is bounded.

    `written` counts messages by topic and `size` their bytes, of what is safe on the disk.
    `dropped` counts those for which the disk was too slow, or that a full disk took. `problem`
    says why the recording ended by itself, empty while it goes on.
    """

    def __init__(
        self, path: Path, topics: Mapping[str, str], *, sync: float, buffer: int, min_free: int
    ) -> None:
        """
        Begin a new bag.

        :param topics: names and message types of the topics.
        :param sync: seconds after which what was written is made safe.
        :param buffer: bytes of messages that may wait for the disk.
        :param min_free: bytes to leave on the disk.
        :raises SourceError: if it cannot be begun there.
        """
        self.path = path
        self.written: Counter[str] = Counter()
        self.size = 0
        self.dropped = 0
        self.problem = ''
        self.slowest_sync = 0.0
        self._topics, self._sync = dict(topics), sync
        self._buffer, self._min_free = buffer, min_free
        self._queue: deque[_Item] = deque()
        self._waiting = 0
        self._closing = False
        self._changed = threading.Condition()
        self._begun = threading.Event()
        # What is written but not yet safe: topics of the messages, and their bytes.
        self._pending: list[str] = []
        self._pending_size = 0
        self._writer: Any = None
        self._connections: dict[str, Any] = {}
        check_sqlite_name(path)
        self._thread = threading.Thread(target=self._run, name='recorder', daemon=True)
        self._thread.start()
        self._begun.wait()
        if self.problem:
            raise SourceError(self.problem)

    def put(self, topic: str, stamp_ns: int, data: bytes) -> bool:
        """Hand over a message, received at `stamp_ns`; False if it had to be dropped."""
        with self._changed:
            if self.problem or self._closing or self._waiting + len(data) > self._buffer:
                self.dropped += 1
                return False
            self._queue.append(_Item(topic, stamp_ns, data))
            self._waiting += len(data)
            self._changed.notify()
        return True

    def free(self) -> int:
        """Return how many bytes may still be written; 0 if the disk is gone."""
        try:
            return max(shutil.disk_usage(self.path.parent).free - self._min_free, 0)
        except OSError:
            return 0

    def close(self) -> None:
        """Write what waits and finish the bag; `problem` tells if that did not succeed."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        # SQLite's connection belongs to the thread that made it.
        try:
            with failures(self.path):
                self._begin()
            self._begun.set()
            with failures(self.path):
                self._work()
        except SourceError as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - or nobody would know that nothing is recorded
            self._give_up(
                f'{self.path}: unexpected {type(error).__name__}: {error}; recording '
                'stopped; please report this'
            )
        finally:
            self._begun.set()
        if self._writer is not None:
            self._finish()

    def _begin(self) -> None:
        if os.path.lexists(self.path):
            raise SourceError(f'{self.path}: exists already; it is left alone')
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.free():
            raise SourceError(
                f'{self.path}: expected more than {self._min_free / 1e6:.0f} MB '
                'free on this disk (live.min_free); make room, or set '
                'live.recording to another one'
            )
        self._writer = new_writer(self.path, 'sqlite3')
        connection = self._writer.storage.conn
        # One file less to make and to remove each time than with `delete`; `wal` would write
        # everything twice.
        connection.execute('PRAGMA journal_mode=TRUNCATE')
        connection.execute('PRAGMA synchronous=FULL')
        for topic, type_name in self._topics.items():
            self._connections[topic] = self._writer.add_connection(
                topic, type_name, typestore=typestore()
            )
        connection.commit()
        _sync_folder(self.path)
        _sync_folder(self.path.parent)

    def _work(self) -> None:
        due = time.monotonic() + self._sync
        while True:
            with self._changed:
                while (
                    not self._queue and not self._closing and (left := due - time.monotonic()) > 0
                ):
                    self._changed.wait(left)
                item = self._queue.popleft() if self._queue else None
                ending = self._closing and item is None
            if item is not None:
                self._write(item)
            if ending or time.monotonic() >= due:
                self._commit()
                due = time.monotonic() + self._sync
            if ending:
                return

    def _write(self, item: _Item) -> None:
        size = len(item.data)
        if size + self._pending_size > self.free():
            # Some of what is pending has not got its room on the disk yet.
            self._commit()
        self._pending.append(item.topic)
        self._pending_size += size
        if size > self.free():
            raise SourceError(
                f'{self.path}: the disk is full but for the '
                f'{self._min_free / 1e6:.0f} MB of live.min_free; recording stopped'
            )
        self._writer.write(self._connections[item.topic], item.stamp_ns, item.data)
        with self._changed:
            self._waiting -= size

    def _commit(self) -> None:
        if not self._pending:
            return
        started = time.monotonic()
        self._writer.storage.conn.commit()
        self.slowest_sync = max(self.slowest_sync, time.monotonic() - started)
        self.written.update(self._pending)
        self.size += self._pending_size
        self._pending.clear()
        self._pending_size = 0

    def _give_up(self, reason: str) -> None:
        """Keep what was committed, and say what was not."""
        with self._changed:
            self.problem = reason
            self.dropped += len(self._pending) + len(self._queue)
            self._queue.clear()
            self._waiting = 0
        if self._writer is not None and self._writer.storage is not None:
            with suppress(Exception):
                self._writer.storage.conn.rollback()
            # Of what rosbags counted, it is to note only what is there.
            for topic, connection in self._connections.items():
                self._writer.counts[connection.id] = self.written[topic]

    def _finish(self) -> None:
        """Write the metadata; where there is no room for it, the bag can be read without."""
        try:
            with failures(self.path):
                self._writer.storage.conn.execute('PRAGMA journal_mode=DELETE')
                self._writer.close()
                _sync_file(self.path / 'metadata.yaml')
                _sync_folder(self.path)
        except SourceError as error:
            self.problem = self.problem or str(error)
            with suppress(Exception):
                self._writer.abort()


def _sync_file(path: Path) -> None:
    with path.open('rb') as stream:
        os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
