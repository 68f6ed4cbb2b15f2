"""
Reading bags: sqlite3, MCAP and ROS 1, split, compressed in every mode.

This module joins the files of a split bag, unpacks compressed files and messages, and gives one
kind of error for every damage. metadata.yaml, definitions of messages and QoS are not read: they
are often missing, incomplete or wrong, and nothing here depends on them.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Callable, Collection, Iterable, Iterator, TypeVar

from ..errors import SourceError, TopicTypeError
from . import zstd
from .database import recover
from .kinds import STORAGE_FILES, conversion, found_below
from .mcap_file import McapFile
from .natural_sort import natural_key
from .parts import ROS1, check_copies, check_one_recording, missing_parts, without_metadata
from .sqlite_file import SqliteFile
from .storage import ZSTD_MAGIC, RawMessage, Storage, Topic

T = TypeVar('T')

# A message may not unpack to more bytes than this.
_MESSAGE_MAX = 1 << 29


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
        """Open the bag: a folder, or a .db3, .mcap or .bag file (also .zstd)."""
        self.path = Path(path)
        self._stack = ExitStack()
        self._unnamed = 0
        self._missing: list[str] = []
        self._mixed: list[str] = []
        try:
            self._files = self._guard(self._open)
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
        """Yield the messages of the named topics in the order of their receive times."""
        return self._read(file.messages(topics) for file in self._files)

    def recorded(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order in which they were recorded."""
        return self._read(file.recorded(topics) for file in self._files)

    def heads(self, topic: str, size: int) -> Iterator[RawMessage]:
        """Yield the messages of a topic as `recorded`, with at least `size` bytes of each."""
        return self._read(file.heads(topic, size) for file in self._files)

    def _read(self, streams: Iterable[Iterator[RawMessage]]) -> Iterator[RawMessage]:
        done = 0
        for stream in streams:
            while (item := self._guard(partial(next, stream, None), done)) is not None:
                if self._mixed and item.type != self.topics[item.topic].type:
                    continue
                yield self._guard(partial(_unpacked, item), done)
                done += 1

    def start_ns(self) -> int:
        """Return the receive time of the first message, 0 without messages."""
        return min((file.start_ns for file in self._files if file.start_ns is not None), default=0)

    @property
    def incomplete(self) -> list[str]:
        """What could not be read of the files, one line for each."""
        lines = [file.incomplete for file in self._files if file.incomplete]
        lines += [*self._missing, *self._mixed]
        if self._unnamed:
            lines.append(f'{self._unnamed} topics left out whose names or types are no text')
        return lines

    def _open(self) -> list[Storage]:
        if not self.path.exists():
            raise SourceError(f'{self.path}: no such bag')
        files = _storage_files(self.path)
        if not files:
            if other := conversion(self.path):
                raise SourceError(f'{self.path}: expected a bag or event file, found {other}')
            raise SourceError(
                f'{self.path}: expected a bag (a .db3, .mcap or .bag file, or a folder '
                f'with such files), found none{found_below(self.path)}'
            )
        check_one_recording(self.path, files)
        self._missing = [*missing_parts(self.path.name, files), *_without_end(self.path)]
        opened = [self._open_file(self._unpacked_file(file)) for file in files]
        check_copies(self.path, files, opened)
        return sorted(opened, key=lambda file: file.start_ns or 0)

    def _open_file(self, path: Path) -> Storage:
        file: Storage
        if path.suffix == '.mcap':
            file = self._guard(partial(McapFile, path))
        elif path.suffix == ROS1:
            from .ros1_file import Ros1File

            file = self._guard(partial(Ros1File, path))
        else:
            self._guard(partial(recover, path))
            file = self._guard(partial(SqliteFile, path))
        self._stack.callback(file.close)
        return file

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
        counts: dict[str, Counter[str]] = {}
        for file in self._files:
            for topic in file.topics:
                if not (topic.name + topic.type).isprintable():
                    self._unnamed += 1  # Damage; names are part of messages to the user.
                    continue
                # The same topic in another file, or with another QoS, or of another type.
                types = counts.setdefault(topic.name, Counter())
                types[topic.type] += topic.messages
        topics = {name: Topic(name, *types.most_common(1)[0]) for name, types in counts.items()}
        for name, types in counts.items():
            others = [(each, count) for each, count in types.most_common()[1:] if count]
            self._mixed += [
                f'{name}: {count} messages are of type {each}, {topics[name].messages} of '
                f'{topics[name].type}, which are read'
                for each, count in others
            ]
        return topics

    def _guard(self, action: Callable[[], T], done: int | None = None) -> T:
        """Run an action that reads the file; turn everything that it raises into a SourceError."""
        try:
            return action()
        except SourceError as error:
            text = str(error)
            known = text.startswith(str(self.path))
            raise error if known else SourceError(f'{self.path}: {text}') from None
        except OSError as error:
            raise SourceError(f'{self.path}: cannot be read ({error.strerror or error})') from None
        except Exception as error:  # Damage raises many types: OverflowError, struct.error...
            where = '' if done is None else f' after message {done}'
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise SourceError(
                f'{self.path}: damaged{where} or not a bag ({reason}); try `ros2 bag reindex`, '
                '`mcap recover` or `rosbag reindex` on it, or record it again'
            ) from None


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
            raise TopicTypeError(
                f'{where}: {wanted} is of type {found.type}; {what} topics in it: {listed}'
            )
        return found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        # A topic without messages was recorded before its driver started, or under another name.
        silent = [topic.name for topic in topics.values() if topic.type in types]
        if silent:
            raise SourceError(
                f'{where}: expected one {what} topic with messages, found none on {silent[0]}'
            )
        present = ', '.join(sorted({topic.type for topic in topics.values()}))
        present = present or 'nothing: is it still being recorded?'
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
        and file.name.removesuffix('.zstd').endswith(STORAGE_FILES)
        # A user who unpacks a file has the packed one next to it.
        and not (file.suffix == '.zstd' and file.with_suffix('') in found)
    ]
    return sorted(files, key=natural_key)


def _without_end(path: Path) -> Iterator[str]:
    """Yield a line for sqlite3 files without what a recorder writes at the end."""
    if without_metadata(path):
        yield (
            'it has no metadata.yaml: it was copied without it, is still recorded, or was cut off; '
            'what is in it is read'
        )


def _unpacked(message: RawMessage) -> RawMessage:
    """Undo compression by message, which the file does not record."""
    if message.data[:4] != ZSTD_MAGIC:
        return message
    return message._replace(data=zstd.unpack(message.data, _MESSAGE_MAX))
