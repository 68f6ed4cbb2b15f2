"""
Samples in a file: those of many places would be most of the memory of a training or an edit.

They are read block by block, not mapped: what is mapped counts as memory of the process, and a
mapped file that another program shortens ends it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..arrays import Indices, Spikes
from ..errors import MapError

# Bytes of samples from which they are kept in a file.
LARGE = 32 << 20
# Frames that are read at a time.
_BLOCK = 64


class SampleFile:
    """A file that is read at any place, and closed with its last use."""

    def __init__(self, file: BinaryIO) -> None:
        """Keep an open file, which its owner may close."""
        self.name = str(file.name)
        self._descriptor = os.dup(file.fileno())

    def __del__(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def read(self, into: Spikes, at: int) -> None:
        """
        Fill an array with the bytes from one on.

        :raises MapError: if the file has become shorter.
        """
        data = into.reshape(-1).data
        done = 0
        while done < len(data):
            count = os.preadv(self._descriptor, [data[done:]], at + done)
            if not count:
                raise MapError(f'{self.name}: ends at byte {at + done}; was it overwritten?')
            done += count


class StoredSpikes:
    """
    Samples uint8 (frames, variants, inputs) in a file.

    Frames are rows of the file in any order, so that some of them are no copy.
    """

    dtype = np.dtype(np.uint8)

    def __init__(
        self, file: SampleFile, at: int, rows: Indices, variants: int, inputs: int
    ) -> None:
        """
        Use a file, in which row 0 begins at byte `at`.

        :param rows: int64 (frames,), the row of each frame.
        """
        self._file, self._at, self._rows = file, at, rows
        self.shape = len(rows), variants, inputs

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes of all samples."""
        frames, variants, inputs = self.shape
        return frames * variants * inputs

    def kept(self, chosen: NDArray[np.bool_]) -> StoredSpikes:
        """Return the samples of some frames, bool (frames,)."""
        return StoredSpikes(self._file, self._at, self._rows[chosen], *self.shape[1:])

    def frames(self) -> Spikes:
        """
        Return the first variant of each frame, uint8 (frames, inputs).

        :raises MapError: if the file has become shorter.
        """
        found = np.empty((len(self), self.shape[2]), np.uint8)
        size = self.shape[1] * self.shape[2]
        for row, into in zip(self._rows.tolist(), found):
            self._file.read(into, self._at + row * size)
        return found

    def part(self, begin: int, end: int) -> Spikes:
        """
        Return the samples of some frames that follow each other, uint8 (frames, variants, inputs).

        :raises MapError: if the file has become shorter.
        """
        rows = self._rows[begin:end]
        found = np.empty((len(rows), *self.shape[1:]), np.uint8)
        size = self.shape[1] * self.shape[2]
        borders = np.flatnonzero(np.diff(rows, prepend=-2, append=-2) != 1).tolist()
        for first, last in zip(borders, borders[1:]):
            self._file.read(found[first:last], self._at + int(rows[first]) * size)
        return found

    def blocks(self) -> Iterator[Spikes]:
        """
        Yield all samples, some frames at a time.

        :raises MapError: if the file has become shorter.
        """
        for begin in range(0, len(self), _BLOCK):
            yield self.part(begin, begin + _BLOCK)

    def __reduce__(self) -> tuple[object, ...]:
        """Let another process have the samples themselves, in its memory."""
        return np.array, (self.part(0, len(self)),)


def part_of(spikes: Spikes | StoredSpikes, begin: int, end: int) -> Spikes:
    """Return the samples of some frames that follow each other, as `StoredSpikes.part`."""
    return spikes.part(begin, end) if isinstance(spikes, StoredSpikes) else spikes[begin:end]


def kept_of(spikes: Spikes | StoredSpikes, chosen: NDArray[np.bool_]) -> Spikes | StoredSpikes:
    """Return the samples of some frames, bool (frames,)."""
    return spikes.kept(chosen) if isinstance(spikes, StoredSpikes) else spikes[chosen]


def stored(blocks: Iterable[Spikes], folder: Path | None) -> Spikes | StoredSpikes:
    """
    Return samples uint8 (frames, variants, inputs) that come block by block, of which there is one.

    Few are in memory, many in a file without a name, which is gone with its last use.

    :param folder: for the file; None: that for temporary files.
    :raises MapError: if there is no room for it.
    """
    waiting: list[Spikes] = []
    source = iter(blocks)
    size = 0
    for block in source:
        waiting.append(block)
        size += block.nbytes
        if size >= LARGE:
            break
    if size < LARGE:
        return np.concatenate(waiting)
    variants, inputs = waiting[0].shape[1:]
    frames = 0
    with _room(folder):
        file = tempfile.TemporaryFile(dir=folder)
    with file:
        for block in _drained(waiting, source):
            with _room(folder):
                file.write(block.reshape(-1).data)
            frames += len(block)
        with _room(folder):
            file.flush()
        return StoredSpikes(SampleFile(file), 0, np.arange(frames), variants, inputs)


def _drained(waiting: list[Spikes], source: Iterator[Spikes]) -> Iterator[Spikes]:
    """Yield what waits, which is not kept, and what is to come."""
    while waiting:
        yield waiting.pop(0)
    yield from source


@contextmanager
def _room(folder: Path | None) -> Iterator[None]:
    """Report that a file could not be written."""
    try:
        yield
    except OSError as error:
        raise MapError(
            f'{folder or tempfile.gettempdir()}: no room for the samples of a recording '
            f'({error.strerror or error}): expected 35 KB of free disk space a place'
        ) from None
