"""
thumbnails.bin: the JPEGs of all places in one file, read when they are asked for.

The file is `VPRTHUMB`, the number of thumbnails n, n + 1 positions, and the JPEGs one after
another; numbers are 64 bits, little-endian. Thumbnail k is between positions k and k + 1, counted
from the beginning of the file; the last position is the size of the file.

Until format 3, maps had a folder `thumbnails` with a file for each place.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np

from ..arrays import Integers
from ..errors import MapError
from .checked_file import digest_of

THUMBNAILS = 'thumbnails.bin'
OLD_THUMBNAILS = 'thumbnails'
_MAGIC = b'VPRTHUMB'
# Magic and number of thumbnails.
_HEAD = 16


class Thumbnails(Sequence[bytes]):
    """
    The thumbnails in an open file; each is read when it is asked for.

    Replacing the map by another one leaves the open file as it is. A file that is changed in place
    is noticed: asking for a thumbnail raises `MapError`.
    """

    def __init__(self, file: Path) -> None:
        """
        Open the file and read it once, for its digest; positions are checked by `check`.

        :raises OSError: if it cannot be read.
        """
        self._name = file.name
        self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        self._state = self._stat()
        size = self._state[0]
        head = os.pread(self._file, _HEAD, 0)
        count = int.from_bytes(head[8:], 'little') if head[:8] == _MAGIC else -1
        # A count that the file cannot hold claims no memory.
        table = 8 * (count + 1) if 0 <= count <= (size - _HEAD) // 8 - 1 else 0
        self._positions: Integers = np.frombuffer(os.pread(self._file, table, _HEAD), '<i8')
        self.digest = digest_of(self._file)

    def check(self) -> Thumbnails:
        """
        Return the thumbnails themselves, whose positions are within the file.

        :raises MapError: if they are not.
        """
        positions, size = self._positions, self._state[0]
        begin = _HEAD + 8 * len(positions)
        if (
            not len(positions)
            or positions[0] != begin
            or positions[-1] != size
            or (np.diff(positions) < 0).any()
        ):
            raise MapError(
                f'{self._name}: expected positions of thumbnails from {begin} to {size}, the size '
                'of the file, not decreasing'
            )
        return self

    def __len__(self) -> int:
        """Return the number of thumbnails."""
        return max(len(self._positions) - 1, 0)

    @overload
    def __getitem__(self, place: int) -> bytes: ...

    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...

    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        """
        Return the JPEG of a place.

        :raises MapError: if the file was changed after it was opened.
        """
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        number = range(len(self))[place]
        begin, end = self._positions[number : number + 2].tolist()
        data = os.pread(self._file, end - begin, begin)
        if len(data) != end - begin or self._stat() != self._state:
            raise MapError(f'{self._name} was changed after the map was loaded: load it again')
        return data

    def __iter__(self) -> Iterator[bytes]:
        """Read all thumbnails one by one."""
        return (self[place] for place in range(len(self)))

    def _stat(self) -> tuple[int, int]:
        found = os.fstat(self._file)
        return found.st_size, found.st_mtime_ns


def write_thumbnails(thumbnails: Sequence[bytes], file: Path) -> None:
    """Write the thumbnails of all places; `thumbnails` is read twice, one at a time."""
    sizes = [len(data) for data in thumbnails]
    positions = _HEAD + 8 * (len(sizes) + 1) + np.concatenate(([0], np.cumsum(sizes)))
    with file.open('wb') as stream:
        stream.write(_MAGIC + len(sizes).to_bytes(8, 'little'))
        stream.write(positions.astype('<i8').tobytes())
        for data in thumbnails:
            stream.write(data)


class OldThumbnails(NamedTuple):
    """The thumbnails of a map until format 3, and the digest of their names and contents."""

    thumbnails: list[bytes]
    digest: str


def read_old_thumbnails(folder: Path) -> OldThumbnails:
    """Read a folder of thumbnails, in the order of their names."""
    with os.scandir(folder) as found:
        names = sorted(each.name for each in found if each.name.endswith('.jpg'))
    thumbnails, digest = [], hashlib.sha256()
    for name in names:
        data = (folder / name).read_bytes()
        digest.update(f'{name} {hashlib.sha256(data).hexdigest()}\n'.encode())
        thumbnails.append(data)
    return OldThumbnails(thumbnails, digest.hexdigest())
