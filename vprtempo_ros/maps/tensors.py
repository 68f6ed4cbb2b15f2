"""
Arrays in safetensors files, checked when read.

The format is a length (64 bits, little-endian), a header in JSON with type, shape and position of
each tensor, and their values (https://github.com/huggingface/safetensors). It is read here, not by
its library, so that large tensors are not copied: they are views of the bytes that were checked.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from typing import BinaryIO, Callable, Iterator, Mapping, NamedTuple, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import MapError

T = TypeVar('T', bound=np.generic)

Tensors = dict[str, NDArray[np.generic]]
"""Arrays of any type and shape by name."""

_TYPES: dict[str, np.dtype[np.generic]] = {
    'F64': np.dtype('<f8'),
    'F32': np.dtype('<f4'),
    'I64': np.dtype('<i8'),
    'I32': np.dtype('<i4'),
    'I16': np.dtype('<i2'),
    'I8': np.dtype('i1'),
    'U8': np.dtype('u1'),
}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
# Bytes of a header; a tensor takes about a hundred of them.
_HEADER_MAX = 1 << 24
# The length before the header; both together are a multiple of it.
_WORD = 8
# Bytes that are written and hashed together, so that they stay in the second-level cache.
_WRITTEN = 1 << 18


class Streamed(Protocol):
    """An array that is not in memory, whose rows come some at a time."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""

    def blocks(self) -> Iterator[NDArray[np.generic]]:
        """Yield all rows, some at a time."""


Written = Mapping[str, NDArray[np.generic] | Streamed]
"""Arrays to be written, by name."""


def write_tensors(file: Path, tensors: Written) -> str:
    """
    Write arrays by name, large types first, so that all are aligned; without copying them.

    Return the digest of the file, SHA-256 in hexadecimal.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, object] = {}
    at = 0
    for name in order:
        value = tensors[name]
        header[name] = {
            'dtype': _NAMES[value.dtype],
            'shape': list(value.shape),
            'data_offsets': [at, at + value.nbytes],
        }
        at += value.nbytes
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % _WORD)
    digest = hashlib.sha256()
    with file.open('wb') as stream:

        def write(data: bytes | memoryview) -> None:
            stream.write(data)
            digest.update(data)

        write(len(text).to_bytes(_WORD, 'little') + text)
        for name in order:
            value = tensors[name]
            for part in [value] if isinstance(value, np.ndarray) else value.blocks():
                # reshape: a memoryview of an empty array has no bytes.
                bare = np.ascontiguousarray(part).reshape(-1).view(np.uint8)
                for at in range(0, len(bare), _WRITTEN):
                    write(bare[at : at + _WRITTEN].data)
    return digest.hexdigest()


class Region(NamedTuple):
    """Where an array is in its file: first byte, type and shape."""

    at: int
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]


def read_tensors(
    stream: BinaryIO, name: str, left: Callable[[str], bool]
) -> tuple[Tensors, dict[str, Region]]:
    """
    Return the arrays of an open file, and where those are that are left in it.

    :param name: of the file, for messages; left: whether the array of a name is.
    :raises MapError: if it is not a safetensors file.
    """
    try:
        size = os.fstat(stream.fileno()).st_size
        header, begin = _header(lambda count, at: os.pread(stream.fileno(), count, at), size)
        found: Tensors = {}
        regions = {}
        for each, entry in header.items():
            region = _region(entry, begin, size)
            if left(each):
                regions[each] = region
                continue
            stream.seek(region.at)
            found[each] = np.fromfile(stream, region.dtype, math.prod(region.shape)).reshape(
                region.shape
            )
        return found, regions
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(name, error) from None


def tensors_in(data: NDArray[np.uint8], name: str) -> Tensors:
    """
    Return the arrays in the content of a file, which are views of it.

    :param name: of the file, for messages.
    :raises MapError: if it is not a safetensors file.
    """
    try:
        return _views(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> MapError:
    reason = ' '.join(str(error).split())[:200]
    return MapError(f'{name}: not a safetensors file ({reason})')


def _views(data: NDArray[np.uint8]) -> Tensors:
    header, begin = _header(lambda count, at: data[at : at + count].tobytes(), len(data))
    return {name: _view(data, _region(entry, begin, len(data))) for name, entry in header.items()}


def _header(
    read: Callable[[int, int], bytes], size: int
) -> tuple[dict[str, dict[str, object]], int]:
    """Return the entry of each array, and where the values begin."""
    if size < _WORD:
        raise ValueError(f'{size} bytes, no header')
    length = int.from_bytes(read(_WORD, 0), 'little')
    if length > min(size - _WORD, _HEADER_MAX):
        raise ValueError(f'a header of {length} bytes in a file of {size}')
    header = json.loads(read(length, _WORD))
    found = {name: entry for name, entry in header.items() if name != '__metadata__'}
    return found, _WORD + length


def _region(entry: dict[str, object], first: int, whole: int) -> Region:
    """Return where an array is, in a file of this size whose values begin at `first`."""
    dtype, shape = _TYPES[str(entry['dtype'])], _counts(entry['shape'])
    begin, end = _counts(entry['data_offsets'])
    # Python's integers do not overflow.
    size = math.prod(shape) * dtype.itemsize
    if not begin <= end <= whole - first or end - begin != size:
        raise ValueError(f'a tensor of {size} bytes at {begin} to {end} of {whole - first}')
    return Region(first + begin, dtype, tuple(shape))


def _view(data: NDArray[np.uint8], region: Region) -> NDArray[np.generic]:
    part = data[region.at : region.at + math.prod(region.shape) * region.dtype.itemsize]
    if part.ctypes.data % region.dtype.itemsize:
        part = part.copy()
    return part.view(region.dtype).reshape(region.shape)


def _counts(found: object) -> list[int]:
    # Not isinstance: a bool is an int too.
    if not isinstance(found, list) or not all(type(each) is int and each >= 0 for each in found):
        raise ValueError(f'expected integers, found {found!r:.100}')
    return found


def tensor(tensors: Tensors, name: str, dtype: type[T], shape: tuple[int, ...]) -> NDArray[T]:
    """
    Return the array of this name.

    :raises MapError: if it is missing or has another type or shape.
    """
    value = tensors.get(name)
    if value is None or value.shape != shape or value.dtype != dtype:
        found = None if value is None else f'{value.dtype} {value.shape}'
        raise MapError(f'{name}: expected {np.dtype(dtype)} {shape}, found {found}')
    return cast(NDArray[T], value)
