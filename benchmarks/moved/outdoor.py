"""What streets and parks share: leaves that fall, snow, traffic."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.demo.textures import Colour, Cutout, Generator, Sheet, cloud, cut

DENSITY = 40.0


def bare(tree: Cutout, seed: int, share: float) -> Cutout:
    """Return a tree that has lost this share of its leaves; what is left are twigs and trunk."""
    rng = np.random.default_rng((seed, 42))
    top = tree.levels[0]
    rows, columns = top.shape[:2]
    twigs = cloud(rng, (rows, columns), 3, 6, 12)
    kept = np.where(twigs > -1.2 + 2.6 * share, 1.0, 0.12)
    middle = np.abs(np.arange(columns) - columns / 2) < 0.05 * columns
    kept[:, middle] = 1.0
    level = (top * kept[..., None]).astype(np.uint8)
    return Cutout((level,), tree.width, tree.height)


def snowed(
    grey: NDArray[np.uint8],
    seed: int,
    amount: float,
    trodden: NDArray[np.floating[Any]] | float = 0.0,
) -> NDArray[np.uint8]:
    """Return ground under snow; `trodden` is the share that wheels and feet have cleared."""
    rng = np.random.default_rng((seed, 43))
    patchy = np.clip(0.8 + 0.4 * cloud(rng, (grey.shape[0], grey.shape[1]), 40, 160), 0.0, 1.0)
    cover = np.clip(amount * patchy * (1 - np.asarray(trodden, np.float32)), 0.0, 1.0)
    return (grey * (1 - cover) + 232 * cover).astype(np.uint8)


def van(rng: Generator) -> Cutout:
    """Draw the rear of a van or lorry."""
    high, wide = float(rng.uniform(2.0, 3.2)), float(rng.uniform(1.9, 2.4))
    tone = int(rng.uniform(40, 230))
    paint: Colour = (tone, tone, tone)
    sheet, mask = (Sheet(wide, high, DENSITY, c) for c in (paint, (0, 0, 0)))
    white: Colour = (255, 255, 255)
    mask.rect(0.0, 0.35, wide, high, white)
    mask.rect(0.15, 0.0, 0.45, 0.4, white)
    mask.rect(wide - 0.45, 0.0, wide - 0.15, 0.4, white)
    sheet.rect(0.0, 0.0, wide, 0.5, (35, 35, 35))
    sheet.rect(wide / 2 - 0.02, 0.5, wide / 2 + 0.02, high, (60, 60, 60))
    if rng.random() < 0.6:
        for x in (0.15, wide / 2 + 0.1):
            sheet.rect(x, 0.62 * high, x + wide / 2 - 0.3, 0.9 * high, (45, 50, 55))
    for x in (0.02, wide - 0.2):
        sheet.rect(x, 0.6, x + 0.18, 0.95, (150, 40, 40))
    sheet.rect(wide / 2 - 0.28, 0.55, wide / 2 + 0.28, 0.7, (220, 220, 215))
    return cut(sheet, mask)


@cache
def hedge(seed: int, width: float, height: float) -> Sheet:
    """Draw a piece of clipped hedge."""
    rng = np.random.default_rng((seed, 44))
    sheet = Sheet(width, height, DENSITY, (64, 84, 50))
    rows, columns = sheet.pixels.shape[:2]
    noise = 22 * cloud(rng, (rows, columns), 2, 5, 14)
    noise -= 25 * (np.arange(rows)[:, None] / rows) ** 2
    sheet.pixels = np.clip(sheet.pixels + noise[..., None], 0, 255).astype(np.uint8)
    return sheet
