"""
Reading bags: sqlite3 and MCAP, split, compressed in every mode, with or without metadata.yaml.

The `rosbags` library reads the storage files. This module adds what it leaves to its callers: the
files of a split bag, compressed files and messages, and one kind of error for every damage.
metadata.yaml is not read: the storage files hold everything that is needed, and because of
metadata.yaml `rosbags` (0.11.9) refuses bags of other software, or silently drops every topic whose
QoS has another notation.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Callable, Collection, Iterator, NamedTuple, TypeVar

from ..errors import SourceError
from .database import open_once, recover
from .natural_sort import natural_key

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag2 import Reader

T = TypeVar('T')

_STORAGE = ('.db3', '.mcap')
_ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'
# A message may not unpack to more bytes than this.
_MESSAGE_MAX = 1 << 29


class Topic(NamedTuple):
    """A topic of a bag: name, type (always with /msg/), number of messages."""

    name: str
    type: str
    messages: int


class RawMessage(NamedTuple):
    """A message as stored in the bag: topic, type, receive time, CDR bytes."""

    topic: str
    type: str
    stamp_ns: int
    data: bytes


def is_bag(path: Path) -> bool:
    """Return whether a path looks like a bag: a storage file, or a folder with one in it."""
    return bool(_storage_files(path)) or (path / 'metadata.yaml').is_file()


class BagReader:
    """
    An open bag; use it as a context manager.

    :raises SourceError: when opening or reading, if the bag is missing, without files, of another
        format, truncated or corrupt.
    """

    def __init__(self, path: str | Path) -> None:
        """Open the bag: a folder, or a .db3 or .mcap file (also .zstd)."""
        self.path = Path(path)
        self._stack = ExitStack()
        try:
            self._readers = self._guard(self._open)
            self.topics = self._guard(self._collect_topics)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> BagReader:
        """Return the reader itself, which is open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all files."""
        self._stack.close()

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in recorded order, one in memory at a time."""
        done = 0
        for reader in self._readers:
            chosen = [c for c in reader.connections if c.topic in topics]
            if not chosen:
                continue
            stream = reader.messages(connections=chosen)
            while (item := self._guard(partial(next, stream, None), done)) is not None:
                yield self._guard(partial(_raw_message, *item), done)
                done += 1

    def start_ns(self) -> int:
        """Return the receive time of the first message."""
        return self._guard(lambda: min(int(reader.start_time) for reader in self._readers))

    def _open(self) -> list[Reader]:
        if not self.path.exists():
            raise SourceError(f'{self.path}: no such bag')
        files = _storage_files(self.path)
        if not files:
            raise SourceError(
                f'{self.path}: expected a bag (a .db3 or .mcap file, or a folder '
                'with such files), found none'
            )
        readers = [self._open_reader(self._unpacked_file(file)) for file in files]
        return sorted(readers, key=lambda reader: reader.start_time)

    def _open_reader(self, path: Path) -> Reader:
        from rosbags.rosbag2 import Reader

        self._guard(partial(recover, path))
        reader = self._guard(lambda: Reader(self._plain(path)))
        self._guard(partial(open_once, reader))
        self._stack.callback(reader.close)
        return reader

    def _plain(self, path: Path) -> Path:
        """Return a path to the file that is valid in a URI, which is how SQLite gets it."""
        if not set('?#%') & set(str(path)):
            return path
        link = Path(self._stack.enter_context(TemporaryDirectory()), f'bag{path.suffix}')
        link.symlink_to(path.resolve())
        return link

    def _unpacked_file(self, path: Path) -> Path:
        if path.suffix != '.zstd':
            return path
        folder = self._stack.enter_context(TemporaryDirectory())
        target = Path(folder, path.stem)

        def unpack() -> None:
            with zstd.open(path, 'rb') as packed, target.open('wb') as plain:
                shutil.copyfileobj(packed, plain)

        self._guard(unpack)
        return target

    def _collect_topics(self) -> dict[str, Topic]:
        topics: dict[str, Topic] = {}
        for reader in self._readers:
            for connection in reader.connections:
                known = topics.get(connection.topic)
                topics[connection.topic] = Topic(
                    connection.topic,
                    normal_type(connection.msgtype),
                    connection.msgcount + (known.messages if known else 0),
                )
        return topics

    def _guard(self, action: Callable[[], T], done: int | None = None) -> T:
        """Run an action that reads the file; turn everything that it raises into a SourceError."""
        try:
            return action()
        except SourceError:
            raise
        except OSError as error:
            raise SourceError(f'{self.path}: cannot be read ({error.strerror or error})') from None
        except Exception as error:  # Damage raises many types: OverflowError, struct.error...
            where = '' if done is None else f' after message {done}'
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise SourceError(
                f'{self.path}: damaged{where} or not a ROS 2 bag ({reason}); try `ros2 bag '
                'reindex` or `mcap recover` on it, or record it again'
            ) from None


def _raw_message(connection: Connection, stamp_ns: int, data: bytes) -> RawMessage:
    return RawMessage(
        connection.topic, normal_type(connection.msgtype), int(stamp_ns), _unpacked(bytes(data))
    )


def normal_type(name: str) -> str:
    """Return a message type's name with /msg/, which some recorders leave out."""
    package, _, message = name.partition('/')
    return name if message.startswith('msg/') or not message else f'{package}/msg/{message}'


def choose_topic(
    topics: dict[str, Topic], types: Collection[str], wanted: str, what: str, where: Path
) -> Topic:
    """
    Return the topic to read: the wanted one, or the only one of the given types.

    :raises SourceError: with the candidates, if there is not exactly one.
    """
    candidates = [topic for topic in topics.values() if topic.type in types and topic.messages]
    listed = ', '.join(f'{topic.name} ({topic.type})' for topic in candidates) or 'none'
    if wanted:
        found = topics.get(wanted)
        if found is None:
            raise SourceError(f'{where}: no topic {wanted}; {what} topics in it: {listed}')
        if found.type not in types:
            raise SourceError(
                f'{where}: {wanted} is of type {found.type}; {what} topics in it: {listed}'
            )
        return found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        present = ', '.join(sorted({topic.type for topic in topics.values()})) or 'nothing'
        present = present if len(present) < 200 else f'{present[:200]}...'
        raise SourceError(f'{where}: expected one {what} topic, found none (it holds {present})')
    raise SourceError(f'{where}: several {what} topics, name one of them: {listed}')


def _storage_files(path: Path) -> list[Path]:
    """Return the storage files of a bag in the order of their numbers."""
    found = [path] if path.is_file() else list(path.iterdir()) if path.is_dir() else []
    files = [
        file
        for file in found
        if file.is_file()
        and file.name.removesuffix('.zstd').endswith(_STORAGE)
        # A user who unpacks a file has the packed one next to it.
        and not (file.suffix == '.zstd' and file.with_suffix('') in found)
    ]
    return sorted(files, key=natural_key)


def _unpacked(data: bytes) -> bytes:
    """Undo compression by message; the file does not record it, but CDR never starts like this."""
    if data[:4] != _ZSTD_MAGIC:
        return data
    unpacked: bytes = zstd.ZstdDecompressor().decompress(data, max_length=_MESSAGE_MAX + 1)
    if len(unpacked) > _MESSAGE_MAX:
        raise ValueError(f'a message unpacks to more than {_MESSAGE_MAX} bytes')
    return unpacked
