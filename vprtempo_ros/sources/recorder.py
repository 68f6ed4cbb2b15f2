"""
Recording live topics so that a crash or a power failure loses the last second at most.

Messages go into a sqlite3 bag as serialised. They are committed at a fixed interval; SQLite ends a
commit only when the disk has stored it. After a crash every reader of SQLite restores the last
commit, while few programs read an MCAP file without its end.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, NamedTuple

from ..errors import SourceError
from .bag_writer import check_sqlite_name, failures, new_writer
from .cdr import typestore
from .unfinished import hold

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag2 import Writer


class _Item(NamedTuple):
    topic: str
    stamp_ns: int
    data: bytes


class Recorder:
    """
    A bag written by its own thread, with bounded memory.

    `written` counts the messages that are safe on the disk by topic, and `size` their bytes.
    `dropped` counts the messages lost to a slow or full disk. `problem` is the reason why the
    recording stopped, empty while it continues.
    """

    def __init__(
        self, path: Path, topics: Mapping[str, str], *, sync: float, buffer: int, min_free: int
    ) -> None:
        """
        Create a new bag.

        :param topics: names and message types of the topics.
        :param sync: interval between commits in seconds.
        :param buffer: bytes of messages that may wait for the disk.
        :param min_free: bytes to leave free on the disk.
        :raises SourceError: if the bag cannot be created.
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
        # Written but not yet committed: topics of the messages, and their bytes.
        self._pending: list[str] = []
        self._pending_size = 0
        self._writer: Writer | None = None
        self._connections: dict[str, Connection] = {}
        self._held: int | None = None
        check_sqlite_name(path)
        self._thread = threading.Thread(target=self._run, name='recorder', daemon=True)
        self._thread.start()
        self._begun.wait()
        if self.problem:
            raise SourceError(self.problem)

    def put(self, topic: str, stamp_ns: int, data: bytes) -> bool:
        """Queue a message, received at `stamp_ns`; return False if it is dropped."""
        with self._changed:
            if self.problem or self._closing or self._waiting + len(data) > self._buffer:
                self.dropped += 1
                return False
            self._queue.append(_Item(topic, stamp_ns, data))
            self._waiting += len(data)
            self._changed.notify()
        return True

    def free(self) -> int:
        """Return the bytes that may still be written; 0 if the disk is gone."""
        try:
            return max(shutil.disk_usage(self.path.parent).free - self._min_free, 0)
        except OSError:
            return 0

    def close(self) -> None:
        """Write queued messages and finish the bag; `problem` is set if that fails."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        # An SQLite connection must be used by the thread that created it.
        try:
            with failures(self.path):
                writer = self._begin()
            self._begun.set()
            with failures(self.path):
                self._work(writer)
        except SourceError as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - a dead thread would record nothing silently
            self._give_up(
                f'{self.path}: unexpected {type(error).__name__}: {error}; recording '
                'stopped; please report this'
            )
        finally:
            self._begun.set()
        if self._writer is not None:
            self._finish(self._writer)
        if self._held is not None:
            os.close(self._held)

    def _begin(self) -> Writer:
        if os.path.lexists(self.path):
            raise SourceError(f'{self.path}: exists already; it is left alone')
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.free():
            raise SourceError(
                f'{self.path}: expected more than {self._min_free / 1e6:.0f} MB '
                'free on this disk (live.min_free); make room, or set '
                'live.recording to another one'
            )
        # Kept now: if the next lines fail, it has to be closed.
        self._writer = writer = new_writer(self.path, 'sqlite3')
        connection = writer.storage.conn
        # `delete` would create and remove a file for each commit, `wal` write everything twice.
        connection.execute('PRAGMA journal_mode=TRUNCATE')
        connection.execute('PRAGMA synchronous=FULL')
        for topic, type_name in self._topics.items():
            self._connections[topic] = writer.add_connection(
                topic, type_name, typestore=typestore()
            )
        connection.commit()
        _sync_folder(self.path)
        _sync_folder(self.path.parent)
        self._held = hold(self.path)
        return writer

    def _work(self, writer: Writer) -> None:
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
                self._write(writer, item)
            if ending or time.monotonic() >= due:
                self._commit(writer)
                due = time.monotonic() + self._sync
            if ending:
                return

    def _write(self, writer: Writer, item: _Item) -> None:
        size = len(item.data)
        if size + self._pending_size > self.free():
            # Pending messages may not have their space on the disk yet.
            self._commit(writer)
        self._pending.append(item.topic)
        self._pending_size += size
        if size > self.free():
            raise SourceError(
                f'{self.path}: the disk is full but for the '
                f'{self._min_free / 1e6:.0f} MB of live.min_free; recording stopped'
            )
        writer.write(self._connections[item.topic], item.stamp_ns, item.data)
        with self._changed:
            self._waiting -= size

    def _commit(self, writer: Writer) -> None:
        if not self._pending:
            return
        started = time.monotonic()
        writer.storage.conn.commit()
        self.slowest_sync = max(self.slowest_sync, time.monotonic() - started)
        self.written.update(self._pending)
        self.size += self._pending_size
        self._pending.clear()
        self._pending_size = 0

    def _give_up(self, reason: str) -> None:
        """Stop: keep what is committed, count the other messages as dropped."""
        with self._changed:
            self.problem = reason
            self.dropped += len(self._pending) + len(self._queue)
            self._queue.clear()
            self._waiting = 0
        if self._writer is not None and self._writer.storage is not None:
            with suppress(Exception):
                self._writer.storage.conn.rollback()
            # The counts in the metadata must be those of the committed messages.
            for topic, connection in self._connections.items():
                self._writer.counts[connection.id] = self.written[topic]

    def _finish(self, writer: Writer) -> None:
        """Write the metadata; if the disk has no space for it, the bag is readable without."""
        try:
            with failures(self.path):
                writer.storage.conn.execute('PRAGMA journal_mode=DELETE')
                writer.close()
                _sync_file(self.path / 'metadata.yaml')
                _sync_folder(self.path)
        except SourceError as error:
            self.problem = self.problem or str(error)
            with suppress(Exception):
                writer.abort()


def _sync_file(path: Path) -> None:
    with path.open('rb') as stream:
        os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
