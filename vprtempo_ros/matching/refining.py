"""Adapting the confidence model to a map by an additional traverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from .confidence import Curve

# Prior standard deviations of slope and offset: how far maps differ from the model.
_SLOPE, _OFFSET = 0.3, 1.0

# Successive frames are correct or wrong together: this number of them is worth one.
_DEPENDENT = 10.0

# A better belief never lowers the confidence.
_LEAST_SLOPE = 0.1

_STEPS, _MOST = 50, 30.0


def refine(exponents: Doubles, correct: NDArray[np.bool_]) -> Curve:
    """
    Return the curve for exponents float64 (frames,) of matches, and whether these were correct.

    Platt's curve (1999) with a prior, at the maximum of the posterior (Newton's method). A few
    frames change little, and no number of frames makes it certain.
    """
    design = np.column_stack((np.clip(exponents, -_MOST, _MOST), np.ones(len(exponents))))
    expected, precision = np.array([1.0, 0.0]), np.diag([_SLOPE**-2, _OFFSET**-2])
    found = expected.copy()
    for _ in range(_STEPS):
        predicted = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -_MOST, _MOST)))
        slope = design.T @ (predicted - correct) / _DEPENDENT + precision @ (found - expected)
        weights = predicted * (1.0 - predicted) / _DEPENDENT
        step = np.linalg.solve((design.T * weights) @ design + precision, slope)
        # Without a limit, steps on a nearly flat curve would oscillate.
        found -= step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return Curve(max(float(found[0]), _LEAST_SLOPE), float(found[1]))
