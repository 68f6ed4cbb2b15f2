"""
Arrays in safetensors files, checked when read.

The format is a length (64 bits, little-endian), a header in JSON with type, shape and position of
each tensor, and their values (https://github.com/huggingface/safetensors). It is read here, not by
its library, so that large tensors are not copied: they are views of the bytes that were checked.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TypeVar, cast

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


def write_tensors(file: Path, tensors: Tensors) -> None:
    """Write arrays by name, large types first, so that all are aligned; without copying them."""
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
    with file.open('wb') as stream:
        stream.write(len(text).to_bytes(_WORD, 'little') + text)
        for name in order:
            # reshape: a memoryview of an empty array has no bytes.
            stream.write(np.ascontiguousarray(tensors[name]).reshape(-1).view(np.uint8).data)


def tensors_in(data: NDArray[np.uint8], name: str) -> Tensors:
    """
    Return the arrays in the content of a file, which are views of it.

    :param name: of the file, for messages.
    :raises MapError: if it is not a safetensors file.
    """
    try:
        return _views(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = ' '.join(str(error).split())[:200]
        raise MapError(f'{name}: not a safetensors file ({reason})') from None


def _views(data: NDArray[np.uint8]) -> Tensors:
    if len(data) < _WORD:
        raise ValueError(f'{len(data)} bytes, no header')
    length = int.from_bytes(data[:_WORD].tobytes(), 'little')
    if length > min(len(data) - _WORD, _HEADER_MAX):
        raise ValueError(f'a header of {length} bytes in a file of {len(data)}')
    header = json.loads(data[_WORD : _WORD + length].tobytes())
    values = data[_WORD + length :]
    return {name: _view(values, entry) for name, entry in header.items() if name != '__metadata__'}


def _view(values: NDArray[np.uint8], entry: dict[str, object]) -> NDArray[np.generic]:
    dtype, shape = _TYPES[str(entry['dtype'])], _counts(entry['shape'])
    begin, end = _counts(entry['data_offsets'])
    # Python's integers do not overflow.
    size = math.prod(shape) * dtype.itemsize
    if not begin <= end <= len(values) or end - begin != size:
        raise ValueError(f'a tensor of {size} bytes at {begin} to {end} of {len(values)}')
    part = values[begin:end]
    if part.ctypes.data % dtype.itemsize:
        part = part.copy()
    return part.view(dtype).reshape(shape)


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
