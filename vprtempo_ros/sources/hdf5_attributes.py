"""
Attributes of HDF5: scalars only, and strings of variable length in a process of their own.

The library (2.0.0) may not return from such strings in damaged files, and no signal reaches it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import h5py

# Seconds until a process is ended, and the longest text in bytes.
_PATIENCE, _LONGEST = 20.0, 1000
_READ = """
import sys, h5py
with h5py.File(sys.argv[1], 'r') as file:
    value = file.attrs[sys.argv[2]]
    print(value.decode(errors='replace') if isinstance(value, bytes) else value)
"""


def scalar(place: h5py.File | h5py.Group | h5py.Dataset, name: str) -> Any:
    """Return a number or a text of fixed length, None if the attribute is none of these."""
    found = place.attrs
    if name not in found:
        return None
    kept = found.get_id(name)
    if kept.shape != () or kept.dtype.kind not in 'iuS' or kept.dtype.itemsize > _LONGEST:
        return None
    return np.asarray(found[name])


def text_of(file: h5py.File, name: str) -> str:
    """
    Return a text of the file itself, empty if it has none.

    :raises ValueError: if it cannot be read.
    """
    found = scalar(file, name)
    if found is not None:
        return bytes(found).decode(errors='replace') if found.dtype.kind == 'S' else ''
    if name not in file.attrs or file.attrs.get_id(name).shape != ():
        return ''
    try:
        done = subprocess.run(
            [sys.executable, '-c', _READ, str(Path(file.filename).absolute()), name],
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f'the attribute {name} does not end') from None
    if done.returncode:
        raise ValueError(f'the attribute {name} cannot be read')
    return done.stdout[:_LONGEST].decode(errors='replace').strip()
