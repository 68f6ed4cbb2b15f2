"""
Reading tables of FlatBuffers without generated code; every position is checked.

A table begins with the distance to its vtable, which has the position of each field in the table,
0 for a field that has its default. Format: flatbuffers.dev, "FlatBuffer internals".
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray


class Table:
    """A table at a position of a buffer."""

    def __init__(self, data: bytes, position: int) -> None:
        """
        Find the fields of a table.

        :raises ValueError: if it is not within the buffer.
        """
        self._data, self._at = data, position
        self._vtable = position - self._number('<i', position)
        self._fields = max(self._number('<H', self._vtable) // 2 - 2, 0)

    def number(self, field: int, kind: str, default: int) -> int:
        """Return an integer field, given its format as in `struct`."""
        where = self._where(field)
        return default if where is None else self._number(f'<{kind}', where)

    def vector(self, field: int, size: int) -> NDArray[np.uint8]:
        """
        Return the bytes of a vector of elements of `size` bytes, as a view.

        :raises ValueError: if it is longer than the buffer.
        """
        where = self._where(field)
        if where is None:
            return np.empty(0, np.uint8)
        begin = where + self._number('<I', where)
        length = self._number('<I', begin) * size
        if begin + 4 + length > len(self._data):
            raise ValueError(f'a vector of {length} bytes in a buffer of {len(self._data)}')
        return np.frombuffer(self._data, np.uint8, length, begin + 4)

    def text(self, field: int) -> str:
        """Return a string."""
        return self.vector(field, 1).tobytes().decode()

    def _where(self, field: int) -> int | None:
        if field >= self._fields:
            return None
        offset = self._number('<H', self._vtable + 4 + 2 * field)
        return self._at + offset if offset else None

    def _number(self, kind: str, position: int) -> int:
        # struct counts negative positions from the end.
        if not 0 <= position <= len(self._data) - struct.calcsize(kind):
            raise ValueError(f'a position {position} in a buffer of {len(self._data)} bytes')
        (value,) = struct.unpack_from(kind, self._data, position)
        return int(value)


def root(data: bytes, identifier: bytes) -> Table:
    """
    Return the root table of a buffer that begins with its size.

    Writers may leave the identifier of its type out.

    :raises ValueError: if it is too short, or has another identifier.
    """
    found = data[8:12]
    if len(data) < 12 or (found != identifier and found.isalpha() and found.isupper()):
        raise ValueError(f'expected a table {identifier.decode()}, found {found!r}')
    return Table(data, 4 + int.from_bytes(data[4:8], 'little'))
