"""Zstandard from the standard library, or from its backport."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, open
else:
    from backports.zstd import ZstdDecompressor, open

__all__ = ['ZstdDecompressor', 'open', 'unpack']


def unpack(data: bytes | memoryview, most: int) -> bytes:
    """
    Decompress one frame.

    :raises ValueError: if it holds more than `most` bytes.
    """
    unpacked: bytes = ZstdDecompressor().decompress(data, max_length=most + 1)
    if len(unpacked) > most:
        raise ValueError(f'expected at most {most} bytes after decompression')
    return unpacked
