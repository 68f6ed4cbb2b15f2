"""A route of any length, drawn from noise: images of 64x32 pixels, the same on every machine."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.arrays import Floats

WIDTH, HEIGHT = 64, 32
# Pixels that the nearest layer moves by from a place to the next; farther ones move less.
_STEP = 20
# Of each layer: its part of the step, the size of what is in it, in pixels, and its contrast.
_LAYERS = ((0.1, 9.0, 34.0), (0.4, 4.0, 26.0), (1.0, 1.6, 24.0))
# Places that are drawn together.
_BLOCK = 500


def images(places: int, seed: int = 0, day: int = 0) -> Iterator[NDArray[np.uint8]]:
    """
    Yield the images of a drive, uint8 (32, 64); blocks of 500 places do not follow each other.

    :param day: 0 is the reference. On others the season changes a part of the texture, the light
        differs, the view is shifted by up to 2 pixels and noisy.
    """
    for block in range(0, places, _BLOCK):
        count = min(_BLOCK, places - block)
        scene = _panorama(np.random.default_rng([seed, block]))
        if day:
            season = _panorama(np.random.default_rng([seed, block, day]))
            scene = [0.75 * layer + 0.65 * other for layer, other in zip(scene, season)]
        rng = np.random.default_rng([seed, block, day, 1])
        for place in range(count):
            yield _view(scene, place, rng, day)


def write_folder(folder: Path, places: int, seed: int = 0, parts: int = 1) -> list[Path]:
    """Write the reference as one folder of images, or as several of equal length; return them."""
    folders = [folder / f'part{part}' for part in range(parts)]
    each = -(-places // parts)
    for number, image in enumerate(images(places, seed)):
        part = folders[number // each]
        if not number % each:
            part.mkdir(parents=True)
        cv2.imwrite(f'{part}/{number:06d}.png', image)
    return folders


def _panorama(rng: np.random.Generator) -> list[Floats]:
    """Return the layers of a block, far to near, each as wide as it moves."""
    found = []
    for part, size, contrast in _LAYERS:
        width = int(part * _STEP * _BLOCK) + WIDTH + 8
        layer = rng.standard_normal((HEIGHT, width)).astype(np.float32)
        layer = cv2.GaussianBlur(layer, (0, 0), size)
        found.append(layer * np.float32(contrast / float(layer.std())))
    return found


def _view(scene: list[Floats], place: int, rng: np.random.Generator, day: int) -> NDArray[np.uint8]:
    shift = int(rng.integers(0, 5)) - 2 if day else 0
    seen = np.linspace(165, 75, HEIGHT, dtype=np.float32)[:, None] + np.zeros(WIDTH, np.float32)
    for (part, _, _), layer in zip(_LAYERS, scene):
        begin = int(place * part * _STEP) + 4 + shift
        seen += layer[:, begin : begin + WIDTH]
    if day:
        seen = seen * np.float32(0.8) + 12 + rng.normal(0, 6, seen.shape).astype(np.float32)
    return np.clip(seen, 0, 255).astype(np.uint8)
