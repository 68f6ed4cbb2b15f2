"""Means over areas: exact for 8 bits, and those of OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.encoding.area import area_mean

# Height, width and side; whole ratios, ratios of blocks, and none in common.
SIZES = [
    (240, 320, 56),
    (180, 320, 56),
    (135, 240, 56),
    (112, 224, 56),
    (57, 101, 56),
    (16, 16, 16),
]


def exact(plane: NDArray[np.generic], side: int) -> NDArray[np.float64]:
    """Return the means computed in whole numbers: each pixel cut into side times side parts."""
    height, width = plane.shape
    parts = np.repeat(np.repeat(plane.astype(np.int64), side, axis=0), side, axis=1)
    sums = parts.reshape(side, height, side, width).sum(axis=(1, 3))
    return np.asarray(sums / (height * width))


@pytest.mark.parametrize(('height', 'width', 'side'), SIZES)
def test_means_of_8_bits_are_exact(height: int, width: int, side: int) -> None:
    plane = np.random.default_rng(0).integers(0, 256, (height, width)).astype(np.uint8)
    found, wanted = area_mean(plane, side), exact(plane, side)
    assert found.dtype == np.float32
    # But for the last rounding of float32.
    assert np.abs(found - wanted).max() <= 255 * 2.0**-23
    assert np.array_equal(np.floor(found + 1e-3), np.floor(wanted + 1e-3))


@pytest.mark.parametrize(('height', 'width', 'side'), SIZES)
@pytest.mark.parametrize('kind', [np.uint8, np.uint16, np.float32])
def test_they_are_those_of_opencv(height: int, width: int, side: int, kind: type) -> None:
    plane = np.random.default_rng(1).integers(0, 60000, (height, width)).astype(kind)
    wanted = cv2.resize(plane.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    assert area_mean(plane, side) == pytest.approx(wanted, rel=1e-5)


def test_negative_counts_of_events_are_averaged_too() -> None:
    plane = np.array([[-1.0, 3.0, 0.0], [1.0, 1.0, -6.0], [0.0, 0.0, 0.0]], np.float32)
    assert area_mean(plane, 1).item() == pytest.approx(-2.0 / 9.0)
