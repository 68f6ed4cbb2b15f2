"""Products, inverses and interpolation of transforms, as SciPy has them."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from vprtempo_ros.sources.rigid import Rigid, between, composed, inverse, rigid_of


def some(seed: int) -> Rigid:
    """Return 20 transforms, with quaternions of other lengths than 1."""
    return rigid_of(np.random.default_rng(seed).normal(size=(20, 7)))


def matrices(given: Rigid) -> np.ndarray:
    """Return them as SciPy's, float64 (n, 4, 4)."""
    found = np.tile(np.eye(4), (len(given.positions), 1, 1))
    found[:, :3, :3] = Rotation.from_quat(given.orientations).as_matrix()
    found[:, :3, 3] = given.positions
    return found


def test_product_and_inverse() -> None:
    """They are those of the matrices."""
    first, second = some(1), some(2)
    assert np.allclose(matrices(composed(first, second)), matrices(first) @ matrices(second))
    assert np.allclose(matrices(inverse(first)), np.linalg.inv(matrices(first)))


def test_interpolation() -> None:
    """Half way it is that of SciPy; q and -q are one orientation."""
    start, end = some(3), some(4)
    end = end._replace(orientations=-end.orientations)
    found = between(start, end, np.full(20, 0.5))
    assert np.allclose(found.positions, (start.positions + end.positions) / 2)
    for number in range(20):
        both = Rotation.from_quat([start.orientations[number], end.orientations[number]])
        expected = Slerp([0, 1], both)(0.5)
        turned = Rotation.from_quat(found.orientations[number]).inv() * expected
        assert turned.magnitude() < 1e-7
