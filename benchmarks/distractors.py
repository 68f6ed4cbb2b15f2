"""Nordland among places of a drawn route: recall of single frames by builds and weights."""

from __future__ import annotations

import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import Callable

import cv2
import numpy as np

from vprtempo_ros.arrays import Numbers

from . import long_route
from .report import table
from .routes import nordland

# Of the query, every fourth frame is recognised.
_STRIDE = 4
# Weights that this build is trained with.
_WEIGHTS = ('int8', 'float32')
Measured = Callable[..., dict[str, float]]


def distractors(measured: Measured, builds: dict[str, Path], places: int) -> None:
    """
    Train a map of Nordland, half of the drawn places before it and half after it.

    :param measured: runs a measurement of `scale_worker` with the root of a build.
    :param places: of the whole map.
    """
    rows: list[list[str]] = []
    route = nordland(places)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        first = _write(folder / 'images', [each.grey() for each in route.reference], places)
        np.save(folder / 'queries.npy', np.stack([each.grey() for each in route.query[::_STRIDE]]))
        trainings = [(name, root, '') for name, root in builds.items() if name != 'this build']
        trainings += [('this build', builds['this build'], weights) for weights in _WEIGHTS]
        for name, root, weights in trainings:
            settings = f'{{"training.weights": "{weights}"}}' if weights else '{}'
            found = measured(root, 'train', folder / 'images', folder / 'map', settings)
            found |= measured(
                root, 'recall', folder / 'map', folder / 'queries.npy', first, _STRIDE
            )
            rows.append(
                [
                    f'{name} {weights}'.strip(),
                    f'{found["recall"]:.3f}',
                    f'{found["wall"]:.0f}',
                    f'{found["cpu"]:.0f}',
                    f'{found["peak"] / 1e9:.2f}',
                ]
            )
            print(' | '.join(rows[-1]), flush=True)
            shutil.rmtree(folder / 'map')
    table(['', 'recall@1', 'training, s', 'CPU, s', 'memory, GB'], rows)


def _write(folder: Path, images: list[Numbers], places: int) -> int:
    """Write all images of a map; return the place of the first of `images`."""
    folder.mkdir()
    others = long_route.images(places - len(images))
    first = (places - len(images)) // 2
    number = 0
    for group in (islice(others, first), images, others):
        for image in group:
            cv2.imwrite(f'{folder}/{number:06d}.png', image)
            number += 1
    return first
