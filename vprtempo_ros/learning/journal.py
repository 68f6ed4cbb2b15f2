"""
The file of what has been learnt and is not in the map yet: appended to, and safe within a second.

A frame is in the file at once, so that a process that is killed loses none but the newest, and on
the disk within a second, in case of a power failure. The file is next to its map. Each record has a
checksum, so that of a file that was cut off by a crash everything before the cut is read.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import zlib
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Iterator

import numpy as np

from ..arrays import Spikes
from ..errors import MapError
from ..frames import Pose
from ..statistics import Statistics

# Length and CRC-32 of each record; length of the text that it begins with.
_HEAD, _TEXT = struct.Struct('<II'), struct.Struct('<I')
_VERSION = 1
# Interval between syncs, after which all that was written survives a power failure, in seconds.
_SYNC = 0.5
# Bytes that may wait for the disk.
_BUFFER = 64 << 20
# Longer text is none of ours.
_TEXT_MAX = 1 << 16


@dataclass(frozen=True)
class LearntFrame:
    """
    A frame that was learnt.

    spikes: uint8 (variants, inputs), as encoded; light: the statistics of the pixels on the drive
    by then. branch: number of the new stretch whose next place it is, with a thumbnail; or
    place: number of the place of the map that it shows as it is now. The other one is None.
    repeat: by this frame alone the robot goes on along places that are known.
    """

    stamp_ns: int
    name: str
    spikes: Spikes
    light: Statistics
    branch: int | None = None
    place: int | None = None
    repeat: bool = False
    pose: Pose | None = None
    thumbnail: bytes = b''


@dataclass(frozen=True)
class JournalHead:
    """
    What a journal belongs to.

    map: checksum of the map.yaml that places are numbered by; source: what the frames are called
    in the map; variants, inputs: the shape of their spikes.
    """

    map: str
    source: str
    variants: int
    inputs: int


def journal_of(folder: Path) -> Path:
    """Return the path of the journal of a map."""
    return folder.with_name(f'.{folder.name}.learnt')


class JournalWriter:
    """
    Appends frames in a thread of its own; another one waits for the disk.

    written: frames that are safe on the disk; size: bytes of the file; problem: why no more are
    written, empty while they are.
    """

    def __init__(self, file: Path, head: JournalHead) -> None:
        """
        Make the file.

        :raises MapError: if it is there, or cannot be made.
        """
        self.written = self.size = 0
        self.problem = ''
        self._file = file
        self._waiting: deque[bytes] = deque()
        # Bytes that wait for the file, and frames in it that may not be on the disk yet.
        self._bytes = self._unsafe = 0
        self._closing = self._complete = False
        self._changed = threading.Condition()
        try:
            self._stream = file.open('xb', buffering=0)
            self._write([_record({'version': _VERSION, **head.__dict__}, b'')])
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise MapError(f'{file}: cannot be written ({error.strerror or error})') from None
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (('journal', self._append), ('journal sync', self._sync))
        ]
        for thread in self._threads:
            thread.start()

    def add(self, frame: LearntFrame) -> bool:
        """Add a frame; return whether it will be written."""
        pose = frame.pose
        text: dict[str, object] = {
            'stamp': frame.stamp_ns,
            'name': frame.name,
            'branch': frame.branch,
            'place': frame.place,
            'repeat': frame.repeat,
            'pose': pose and pose.values,
            'frame_id': pose and pose.frame_id,
        }
        light = np.concatenate(frame.light).astype('<f4')
        record = _record(text, frame.spikes.tobytes() + light.tobytes() + frame.thumbnail)
        with self._changed:
            if self.problem or self._closing:
                return False
            if self._bytes + len(record) > _BUFFER:
                self.problem = f'{self._file}: the disk is too slow, so learning has stopped'
                return False
            self._waiting.append(record)
            self._bytes += len(record)
            self._changed.notify_all()
        return True

    def close(self) -> None:
        """Write what waits."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._stream.close()

    def _append(self) -> None:
        """Write frames as they come."""
        try:
            while records := self._next():
                self._write(records)
                with self._changed:
                    self._unsafe += len(records)
                    self._changed.notify_all()
        except OSError as error:
            self._fail(error)
        with self._changed:
            self._complete = True
            self._changed.notify_all()

    def _next(self) -> list[bytes]:
        """Wait for frames and return them; none: it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            records = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
        return records

    def _sync(self) -> None:
        """Have what was written be on the disk, every `_SYNC` seconds."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._unsafe or self._complete)
                count, self._unsafe = self._unsafe, 0
            if not count:
                return
            try:
                os.fsync(self._stream.fileno())
            except OSError as error:
                self._fail(error)
                return
            self.written += count
            with self._changed:
                self._changed.wait_for(lambda: self._complete, _SYNC)

    def _fail(self, error: OSError) -> None:
        self.problem = (
            f'{self._file}: cannot be written ({error.strerror or error}), so learning has '
            'stopped; what was learnt before is kept'
        )

    def _write(self, records: list[bytes]) -> None:
        data = memoryview(b''.join(records))
        while data:
            data = data[self._stream.write(data) :]
        self.size += sum(map(len, records))


def read_journal(file: Path) -> tuple[JournalHead, list[LearntFrame], int]:
    """
    Return what a journal belongs to, its frames, and the bytes of its end that are no whole frame.

    :raises MapError: if it is not a journal, or cannot be read.
    """
    try:
        with file.open('rb') as stream:
            size = os.fstat(stream.fileno()).st_size
            records = _records(stream, size)
            content, end = next(records, (None, 0))
            head = _head(content)
            if head is None:
                raise MapError(f'{file}: not a journal of learnt places')
            frames: list[LearntFrame] = []
            for record, after in records:
                frame = _frame(record, head)
                if frame is None:
                    break
                frames.append(frame)
                end = after
    except OSError as error:
        raise MapError(f'{file}: cannot be read ({error.strerror or error})') from None
    return head, frames, size - end


def _record(text: dict[str, object], data: bytes) -> bytes:
    line = json.dumps(text).encode()
    content = _TEXT.pack(len(line)) + line + data
    return _HEAD.pack(len(content), zlib.crc32(content)) + content


def _records(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield the content of each whole record, and where it ends in the file."""
    end = 0
    while len(head := stream.read(_HEAD.size)) == _HEAD.size:
        length, checksum = _HEAD.unpack(head)
        end += _HEAD.size + length
        if end > size:
            return
        content = stream.read(length)
        if len(content) < length or zlib.crc32(content) != checksum:
            return
        yield content, end


def _split(content: bytes) -> tuple[dict[str, object], bytes] | None:
    """Return the text and the data of a record."""
    if len(content) < _TEXT.size:
        return None
    (length,) = _TEXT.unpack_from(content)
    if length > min(_TEXT_MAX, len(content) - _TEXT.size):
        return None
    try:
        text = json.loads(content[_TEXT.size : _TEXT.size + length])
    except (ValueError, RecursionError):
        return None
    return (text, content[_TEXT.size + length :]) if isinstance(text, dict) else None


def _head(content: bytes | None) -> JournalHead | None:
    found = _split(content) if content is not None else None
    match found:
        case (
            {
                'version': 1,
                'map': str(digest),
                'source': str(source),
                'variants': int(variants),
                'inputs': int(inputs),
            },
            _,
        ) if variants > 0 and inputs > 0:
            return JournalHead(digest, source, variants, inputs)
    return None


def _frame(content: bytes, head: JournalHead) -> LearntFrame | None:
    found = _split(content)
    if found is None:
        return None
    text, data = found
    spikes, light = head.variants * head.inputs, 8 * head.inputs
    stamp, name, branch, place = (text.get(key) for key in ('stamp', 'name', 'branch', 'place'))
    if len(data) < spikes + light or type(stamp) is not int or not isinstance(name, str):
        return None
    if not ((type(branch) is int and place is None) or (type(place) is int and branch is None)):
        return None
    values = np.frombuffer(data, '<f4', 2 * head.inputs, spikes).astype(np.float32)
    if not (np.isfinite(values).all() and (values >= 0).all() and (values <= 255).all()):
        return None
    return LearntFrame(
        stamp,
        name,
        np.frombuffer(data, np.uint8, spikes).reshape(head.variants, head.inputs),
        Statistics(values[: head.inputs], values[head.inputs :]),
        branch if isinstance(branch, int) else None,
        place if isinstance(place, int) else None,
        text.get('repeat') is True,
        _pose(text.get('pose'), text.get('frame_id')),
        data[spikes + light :],
    )


def _pose(found: object, frame_id: object) -> Pose | None:
    if not (isinstance(found, list) and len(found) == 7 and isinstance(frame_id, str)):
        return None
    try:
        return Pose.of(found, frame_id)
    except (TypeError, ValueError):
        return None
