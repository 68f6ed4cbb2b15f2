"""A camera that goes on sending the same image."""

from __future__ import annotations

import numpy as np
import pytest

from vprtempo_ros.sources.frozen import FrozenImage

SECOND = 10**9
SHAPES = [(480, 640, 3), (7, 5, 1), (100, 1, 3)]


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_same_image(shape: tuple[int, int, int], dtype: type) -> None:
    """It counts from the first of the same images, and is frozen once the robot has moved."""
    frozen, rng = FrozenImage(), np.random.default_rng(0)
    first, second = (rng.integers(0, 255, shape).astype(dtype) for _ in range(2))
    assert frozen.update(first, 0, (0.0, 0.0, 0.0))[:2] == (0.0, None)
    assert frozen.update(second, SECOND, (9.0, 0.0, 0.0))[:2] == (0.0, None)
    still = frozen.update(second, 3 * SECOND, (9.0, 0.4, 0.0))
    assert still[:2] == pytest.approx((2.0, 0.4))
    assert not (still.frozen or still.again)
    assert frozen.update(second, 3 * SECOND, None).again
    assert frozen.update(second, 4 * SECOND, (9.0, 0.6, 0.0)).frozen
    assert frozen.update(first, 5 * SECOND, (9.0, 0.7, 0.0))[:2] == (0.0, None)
    assert not frozen.update(second, 5 * SECOND, None).again


def test_noise_is_no_frozen_camera() -> None:
    """The noise of a sensor in front of a still scene changes some of the compared pixels."""
    frozen, rng = FrozenImage(), np.random.default_rng(0)
    scene = rng.integers(20, 230, (480, 640, 1))
    for number in range(20):
        # A quiet sensor: one level of grey in one pixel of fifty.
        image = (scene + (rng.random(scene.shape) < 0.02)).astype(np.uint8)
        assert frozen.update(image, number * SECOND, None).seconds == 0.0


def test_the_pixels_of_a_message_may_change() -> None:
    """A buffer that is used again does not pass for the image that was in it."""
    frozen, buffer = FrozenImage(), np.zeros((48, 64, 1), np.uint8)
    frozen.update(buffer, 0, None)
    buffer += 1
    assert frozen.update(buffer, SECOND, None).seconds == 0.0


def test_without_odometry() -> None:
    """The distance is unknown until odometry arrives, then counts from there."""
    frozen, image = FrozenImage(), np.zeros((48, 64, 1), np.uint8)
    frozen.update(image, 0, None)
    assert frozen.update(image, SECOND, None)[:2] == (1.0, None)
    assert frozen.update(image, 2 * SECOND, (5.0, 0.0, 0.0))[:2] == (2.0, 0.0)
    assert frozen.update(image, 3 * SECOND, None)[:2] == (3.0, None)
    assert frozen.update(image, 4 * SECOND, (6.0, 0.0, 0.0)).frozen


def test_stamps_that_jump_back() -> None:
    """The time is never negative."""
    frozen, image = FrozenImage(), np.zeros((48, 64, 1), np.uint8)
    frozen.update(image, 9 * SECOND, None)
    assert frozen.update(image, SECOND, None).seconds == 0.0
