"""
Sizes of compressed chunks of HDF5, checked before its filters allocate memory for them.

The library believes what a chunk claims to unpack to. Deflate claims nothing, so it is unpacked
here first where it could become large; the others have their size in their first bytes.
"""

from __future__ import annotations

import itertools
import math
import zlib
from typing import TYPE_CHECKING

from .hdf5 import check_size

if TYPE_CHECKING:
    import h5py

_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF = 1, 2, 3, 32000
_BLOSC, _LZ4, _BITSHUFFLE, _ZSTD, _ECF = 32001, 32004, 32008, 32015, 0x8ECF
_KNOWN = (_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF, _BLOSC, _LZ4, _BITSHUFFLE, _ZSTD, _ECF)
# How many times its size these unpack to at most. Below this number of bytes all is allowed.
_DEFLATE_RATIO, _LZF_RATIO, _SMALL = 1032, 88, 1 << 27


class UnknownFilter(ValueError):
    """Data are compressed by a filter whose size cannot be checked."""


class ChunkChecks:
    """
    Checks the chunks of an array one by one.

    :raises UnknownFilter: if it has a filter whose size cannot be checked.
    :raises ValueError: if it is not all in the file, or claims more than can be stored of it.
    """

    def __init__(self, array: h5py.Dataset) -> None:
        """Look at the filters."""
        check_size(array)
        plist = array.id.get_create_plist()
        self._filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
        unknown = [number for number in self._filters if number not in _KNOWN]
        if unknown:
            raise UnknownFilter(
                f'{array.name}: compressed by filter {unknown[0]}, whose size cannot be checked: '
                'write the file again with gzip, blosc, lz4 or zstd'
            )
        self._array = array
        self._shape = array.chunks if array.chunks and self._filters else ()
        self._bytes = math.prod(self._shape) * array.dtype.itemsize
        self._next = 0

    def check(self, end: int) -> None:
        """
        Check the chunks of the rows up to `end` that were not checked yet.

        :raises ValueError: if one claims more than its size.
        """
        while self._shape and self._next < end:
            sides = zip(self._array.shape[1:], self._shape[1:])
            for others in itertools.product(*(range(0, side, step) for side, step in sides)):
                self._check((self._next, *others))
            self._next += self._shape[0]

    def _check(self, where: tuple[int, ...]) -> None:
        stored = self._array.id.get_chunk_info_by_coord(where).size
        if not stored:
            return
        # Filters may add some bytes to what they cannot make smaller.
        if stored > 2 * self._bytes + 4096:
            raise ValueError(f'a chunk of {self._bytes} bytes is stored in {stored}')
        mask, data = self._array.id.read_direct_chunk(where)
        found = self._unpacked(bytes(data), mask)
        if found > self._bytes + 4096:
            raise ValueError(f'a chunk of {self._bytes} bytes claims {found}')

    def _unpacked(self, data: bytes, mask: int) -> int:
        """Return the number of bytes that the last filter unpacks a chunk to."""
        used = [each for index, each in enumerate(self._filters) if not mask >> index & 1]
        packers = [each for each in used if each not in (_SHUFFLE, _CHECKSUM)]
        if len(packers) > 1:
            raise ValueError(f'{len(packers)} compressions of one chunk')
        kind = packers[0] if packers else 0
        if kind == _DEFLATE:
            if len(data) * _DEFLATE_RATIO <= _SMALL:
                return 0
            # One byte more than is allowed is enough to know.
            return len(zlib.decompressobj().decompress(data, self._bytes + 4097))
        if kind == _LZF and len(data) * _LZF_RATIO > _SMALL:
            raise ValueError(f'a chunk of {len(data)} bytes with lzf')
        if kind == _BLOSC:
            return int.from_bytes(data[4:8], 'little')
        if kind in (_LZ4, _BITSHUFFLE):
            return int.from_bytes(data[:8], 'big')
        if kind == _ZSTD:
            return _zstd_size(data)
        return 0


def _zstd_size(data: bytes) -> int:
    """Return the content size in the header of a frame, 0 if it has none."""
    head = data[4] if len(data) > 5 else 0
    single, code = head >> 5 & 1, head >> 6
    begin = 5 + (not single) + (0, 1, 2, 4)[head & 3]
    size = (single, 2, 4, 8)[code]
    return int.from_bytes(data[begin : begin + size], 'little') + 256 * (code == 1)
