"""Means and differences of orientations, as unit quaternions xyzw."""

from __future__ import annotations

import numpy as np

from ..arrays import Doubles


def mean_rotation(quaternions: Doubles, weights: Doubles) -> Doubles:
    """
    Return the mean float64 (4,) of quaternions float64 (n, 4) with weights float64 (n,).

    The eigenvector of the largest eigenvalue of sum w q q^T (Markley et al., Averaging
    Quaternions, 2007): q and -q are one orientation, which a mean of numbers would not know.
    """
    _, vectors = np.linalg.eigh((quaternions * weights[:, None]).T @ quaternions)
    mean: Doubles = vectors[:, -1]
    return -mean if mean[3] < 0.0 else mean


def rotations_from(mean: Doubles, quaternions: Doubles) -> Doubles:
    """
    Return rotation vectors float64 (n, 3) that turn `mean` float64 (4,) into the quaternions.

    Radians about the fixed axes x, y, z, as covariances of ROS poses have them; up to pi long.
    """
    x, y, z, w = -mean[0], -mean[1], -mean[2], mean[3]
    vectors, scalars = quaternions[:, :3], quaternions[:, 3]
    other = np.array([x, y, z])
    # q * mean^-1
    imaginary = scalars[:, None] * other + w * vectors + np.cross(vectors, other)
    real = scalars * w - vectors @ other
    sign = np.where(real < 0.0, -1.0, 1.0)
    length = np.linalg.norm(imaginary, axis=1)
    angle = 2.0 * np.arctan2(length, real * sign)
    # angle / length tends to 2.
    factor = np.divide(angle, length, out=np.full_like(angle, 2.0), where=length > 1e-12)
    return np.asarray(imaginary * (factor * sign)[:, None])
