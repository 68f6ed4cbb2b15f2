"""Arrays in safetensors files, checked when read."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import MapError

T = TypeVar('T', bound=np.generic)

Tensors = dict[str, NDArray[np.generic]]
"""Arrays of any type and shape by name."""


def write_tensors(file: Path, tensors: Tensors) -> None:
    """Write arrays by name."""
    from safetensors.numpy import save

    file.write_bytes(save({name: np.ascontiguousarray(value) for name, value in tensors.items()}))


def read_tensors(file: Path) -> Tensors:
    """
    Read all arrays.

    :raises MapError: if it is not a safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(file))
    except SafetensorError as error:
        raise MapError(f'{file.name}: not a safetensors file ({error})') from None


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
