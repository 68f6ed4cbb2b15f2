"""Writing bags that appear under their name complete or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterator

from ..errors import SourceError
from .cdr import Header, Message, live_typestore, typestore, write_message

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag2 import Writer

STORAGES = ('sqlite3', 'mcap')

# Metadata version 8 is the newest whose QoS notation Humble's rosbag2 reads as well.
METADATA_VERSION = 8


class BagWriter:
    """
    A new bag; use it as a context manager. It gets its name when it is complete.

    :raises SourceError: if the name exists already, or the disk is full.
    """

    def __init__(self, path: str | Path, storage: str = 'mcap') -> None:
        """Create the bag in a hidden folder next to the path."""
        self.path = Path(path)
        self._connections: dict[str, Connection] = {}
        if os.path.lexists(self.path):
            raise SourceError(f'{self.path}: exists already; remove it or choose another name')
        if storage == 'sqlite3':
            check_sqlite_name(self.path)
        with failures(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix='.bag-', dir=self.path.parent))
        try:
            with failures(self.path):
                # The files are named after their folder, so the folder has its final name already.
                self._writer = new_writer(self._folder / self.path.name, storage)
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> BagWriter:
        """Return the writer itself."""
        return self

    def write(self, topic: str, type_name: str, stamp_ns: int, message: Message) -> None:
        """Append a message of the typestore, received at `stamp_ns`."""
        data = write_message(message, type_name)
        with failures(self.path):
            if topic not in self._connections:
                self._connections[topic] = self._writer.add_connection(
                    topic, type_name, typestore=typestore()
                )
            self._writer.write(self._connections[topic], stamp_ns, data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the bag its name, or after an error remove it."""
        try:
            if kind is None:
                with failures(self.path):
                    self._writer.close()
                    os.rename(self._folder / self.path.name, self.path)
        finally:
            self._discard()

    def _discard(self) -> None:
        """Close and remove an incomplete bag; its disk space is free only once it is closed."""
        with suppress(Exception):
            self._writer.abort()
        shutil.rmtree(self._folder, ignore_errors=True)


def new_writer(path: Path, storage: str) -> Writer:
    """Return an open writer of `rosbags` for a new bag, whose file is NAME_0 as with rosbag2."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    plugin = StoragePlugin.MCAP if storage == 'mcap' else StoragePlugin.SQLITE3
    writer = Writer(path, version=METADATA_VERSION, storage_plugin=plugin)
    writer.open()
    # rosbag2's reindexer finds no files without a number. SQLite would keep the old name for its
    # journal, so the database is opened again.
    made: Any = writer.storage
    named = made.path.with_name(f'{path.name}_0{made.path.suffix}')
    if storage == 'sqlite3':
        made.conn.close()
        made.path.rename(named)
        made.conn = sqlite3.connect(named)
        made.cursor = made.conn.cursor()
    else:
        made.path.rename(named)
    made.path = named
    return writer


def check_sqlite_name(path: Path) -> None:
    """
    Check that a bag may have this name: `rosbags` passes it to SQLite as part of a URI.

    :raises SourceError: if it contains a character with a meaning in a URI.
    """
    if set('?#%') & set(str(path.absolute())):
        raise SourceError(
            f'{path}: expected a name without ?, # and % for a sqlite3 bag; choose '
            'another one, or mcap'
        )


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Turn errors of the disk, such as lack of space or of rights, into a SourceError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, 'strerror', None) or error
        raise SourceError(f'{path}: cannot be written ({reason})') from None


def header(stamp_ns: int, frame_id: str) -> Header:
    """Return a std_msgs/Header of the typestore."""
    types = live_typestore().types
    time = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
    return types['std_msgs/msg/Header'](time, frame_id)
