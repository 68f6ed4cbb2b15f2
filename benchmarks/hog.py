"""HOG descriptors of whole images (Dalal and Triggs, CVPR 2005), compared by their cosine."""

from __future__ import annotations

import cv2
import numpy as np

from vprtempo_ros.arrays import Floats, Scores, Spikes
from vprtempo_ros.errors import VprError
from vprtempo_ros.frames import Image

_SIDE, _CELL, _DIRECTIONS = 64, 8, 9
# OpenCV clips values of a block of unit length to 0.2 and scales again; few exceed this.
_UNIT = 0.5


def descriptors(images: list[Image]) -> Spikes:
    """
    Return the descriptors in steps of 1/510, uint8 (images, 1764).

    :raises VprError: if OpenCV has no HOG descriptors.
    """
    if not hasattr(cv2, 'HOGDescriptor'):
        raise VprError(
            f'HOG needs OpenCV 4, found {cv2.__version__}: pip install "opencv-python-headless<5"'
        )
    block = (2 * _CELL, 2 * _CELL)
    describe = cv2.HOGDescriptor((_SIDE, _SIDE), block, (_CELL, _CELL), (_CELL, _CELL), _DIRECTIONS)
    rows = [
        describe.compute(cv2.resize(image.grey(), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA))
        for image in images
    ]
    values = np.stack(rows).reshape(len(images), -1)
    return np.clip(np.rint(values * (255.0 / _UNIT)), 0, 255).astype(np.uint8)


class Hog:
    """The cosine of descriptors, -1 to 1, with the interface of a backend."""

    name = 'HOG'

    def __init__(self, references: Spikes) -> None:
        """Set the descriptors of the places, uint8 (places, values)."""
        self._references = _unit(references)
        self.places = len(references)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for the descriptor uint8 (values,) of a frame."""
        return self._references @ _unit(spikes[np.newaxis])[0]

    def close(self) -> None:
        """Do nothing: there is only memory to release."""


def _unit(rows: Spikes) -> Floats:
    values = rows.astype(np.float32)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(length > 0, length, 1.0), np.float32)
