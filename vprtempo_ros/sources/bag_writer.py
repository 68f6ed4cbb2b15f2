"""Writing bags that appear complete or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Iterator

from ..errors import SourceError
from .cdr import typestore, write_message

STORAGES = ('sqlite3', 'mcap')

# Metadata version 8 is the newest whose QoS notation Humble's rosbag2 reads as well.
_VERSION = 8


class BagWriter:
    """
    A new bag; use it as a context manager. It gets its name when it is complete.

    :raises SourceError: if something of that name exists, or the disk is full.
    """

    def __init__(self, path: str | Path, storage: str = 'mcap') -> None:
        """Begin to write beside the path."""
        self.path = Path(path)
        self._connections: dict[str, Any] = {}
        if os.path.lexists(self.path):
            raise SourceError(f'{self.path}: exists already; remove it or choose another name')
        if storage == 'sqlite3':
            check_sqlite_name(self.path)
        with failures(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix='.bag-', dir=self.path.parent))
        try:
            with failures(self.path):
                # The files are named after their folder, so that has its final name already.
                self._writer = new_writer(self._folder / self.path.name, storage)
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> BagWriter:
        """Return the writer itself."""
        return self

    def write(self, topic: str, type_name: str, stamp_ns: int, message: Any) -> None:
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
        """Give the bag its name; after an error remove what was written."""
        try:
            if kind is None:
                with failures(self.path):
                    self._writer.close()
                    os.rename(self._folder / self.path.name, self.path)
        finally:
            self._discard()

    def _discard(self) -> None:
        """Close and remove what has not got its name; the space is free only once it is closed."""
        with suppress(Exception):
            self._writer.abort()
        shutil.rmtree(self._folder, ignore_errors=True)


def new_writer(path: Path, storage: str) -> Any:
    """Return an open writer of `rosbags` for a bag that is not there yet."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    plugin = StoragePlugin.MCAP if storage == 'mcap' else StoragePlugin.SQLITE3
    writer = Writer(path, version=_VERSION, storage_plugin=plugin)
    writer.open()
    return writer


def check_sqlite_name(path: Path) -> None:
    """
    Make sure that a bag may have this name: `rosbags` gives it to SQLite as part of a URI.

    :raises SourceError: if it means something else there.
    """
    if set('?#%') & set(str(path.absolute())):
        raise SourceError(
            f'{path}: expected a name without ?, # and % for a sqlite3 bag; choose '
            'another one, or mcap'
        )


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Turn what a full disk or a lack of rights raises into one line."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, 'strerror', None) or error
        raise SourceError(f'{path}: cannot be written ({reason})') from None


def header(stamp_ns: int, frame_id: str) -> Any:
    """Return a std_msgs/Header of the typestore."""
    types = typestore().types
    time = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
    return types['std_msgs/msg/Header'](time, frame_id)
