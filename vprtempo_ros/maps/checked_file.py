"""
Files of a map, read once: the digest is that of the very bytes that are used.

Files are read into memory, not mapped: a mapped file that another program shortens ends the process
(SIGBUS), and one that it overwrites changes after it was checked.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import MapError

# Bytes that are read and hashed together, so that they stay in the second-level cache.
_BLOCK = 1 << 18


class Checked(NamedTuple):
    """The bytes of a file, uint8, and their SHA-256 digest in hexadecimal."""

    data: NDArray[np.uint8]
    digest: str


def read_checked(file: Path) -> Checked:
    """
    Read a file and compute its digest, without holding the GIL.

    :raises MapError: if it becomes shorter meanwhile.
    """
    with file.open('rb', buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        data = np.empty(size, np.uint8)
        view, digest = data.data, hashlib.sha256()
        at = 0
        while at < size:
            count = stream.readinto(view[at : at + _BLOCK])
            if not count:
                raise MapError(f'{file.name}: ends after {at} of {size} bytes; is it being copied?')
            digest.update(view[at : at + count])
            at += count
    return Checked(data, digest.hexdigest())


def digest_of(descriptor: int) -> str:
    """Return the digest of an open file, of which one block is in memory at a time."""
    digest, at = hashlib.sha256(), 0
    while block := os.pread(descriptor, _BLOCK, at):
        digest.update(block)
        at += len(block)
    return digest.hexdigest()


def digest_of_file(file: Path) -> str:
    """Return the digest of a file."""
    with file.open('rb') as stream:
        return digest_of(stream.fileno())
