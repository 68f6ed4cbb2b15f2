"""Writing bags that appear complete or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

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
        from rosbags.rosbag2 import StoragePlugin, Writer

        self.path = Path(path)
        if os.path.lexists(self.path):
            raise SourceError(f'{self.path}: exists already; remove it or choose another name')
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix='.bag-', dir=self.path.parent))
            plugin = StoragePlugin.MCAP if storage == 'mcap' else StoragePlugin.SQLITE3
            # The bag's files are named after its folder, so that has its final name already.
            self._writer = Writer(self._folder / self.path.name, version=_VERSION,
                                  storage_plugin=plugin)
            self._writer.open()
        except OSError as error:
            raise self._failed(error) from None
        self._connections: dict[str, Any] = {}

    def __enter__(self) -> BagWriter:
        """Return the writer itself."""
        return self

    def write(self, topic: str, type_name: str, stamp_ns: int, message: Any) -> None:
        """Append a message of the typestore, received at `stamp_ns`."""
        try:
            if topic not in self._connections:
                self._connections[topic] = self._writer.add_connection(
                    topic, type_name, typestore=typestore())
            self._writer.write(self._connections[topic], stamp_ns,
                               write_message(message, type_name))
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the bag its name; after an error remove what was written."""
        try:
            if kind is None:
                self._writer.close()
                os.rename(self._folder / self.path.name, self.path)
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _failed(self, error: OSError) -> SourceError:
        return SourceError(f'{self.path}: cannot be written ({error.strerror or error})')


def header(stamp_ns: int, frame_id: str) -> Any:
    """Return a std_msgs/Header of the typestore."""
    types = typestore().types
    time = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
    return types['std_msgs/msg/Header'](time, frame_id)
