"""Many textures packed into one picture, so that a single remap can sample all of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .textures import Pixels


@dataclass(frozen=True)
class Atlas:
    """
    Many textures in one picture: `pixels` (rows, columns, 3), with halved copies stacked below.

    `patches` gives for each picture its x, y, width and height in full-size pixels, `offsets` the
    first row of each level: level n holds pixel (x, y) at (x / 2^n, offsets[n] + y / 2^n).
    """

    pixels: Pixels
    patches: NDArray[np.float32]
    offsets: NDArray[np.float32]


def pack(pictures: list[Pixels], width: int = 4096, levels: int = 5) -> Atlas:
    """Pack textures into an atlas in rows, the tallest first."""
    gutter = 2**levels  # separates neighbours at the smallest level too
    patches = np.zeros((len(pictures), 4), np.float32)
    x = y = shelf = 0
    for index in sorted(range(len(pictures)), key=lambda i: -pictures[i].shape[0]):
        rows, columns = pictures[index].shape[:2]
        if x + columns + gutter > width:
            x, y, shelf = 0, y + shelf + gutter, 0
        patches[index] = x, y, columns, rows
        x, shelf = x + -(-(columns + gutter) // gutter) * gutter, max(shelf, rows)
    height = -(-(y + shelf) // gutter) * gutter
    level = np.zeros((height, width, 3), np.uint8)
    for picture, (left, top, columns, rows) in zip(pictures, patches.astype(int), strict=True):
        level[top : top + rows, left : left + columns] = picture
        # The last column is repeated: pixels outside are never sampled, but enter the averages.
        level[top : top + rows, left + columns : left + columns + gutter // 2] = picture[:, -1:]
    stack, offsets = [level], [0]
    for _ in range(1, levels):
        offsets.append(offsets[-1] + stack[-1].shape[0])
        half = cv2.resize(
            stack[-1][:, : stack[-1].shape[1]], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
        )
        stack.append(half)
    padded = [np.pad(part, ((0, 0), (0, width - part.shape[1]), (0, 0))) for part in stack]
    return Atlas(np.concatenate(padded), patches, np.array(offsets, np.float32))
