"""The calibration of confidence as it stands in map.yaml."""

from __future__ import annotations

import math
from typing import Any

from ..errors import MapError
from ..matching.confidence import Calibration, Curve

_FILTERS = ('none', 'seqslam', 'bayes')


def calibration_tree(calibration: Calibration) -> dict[str, Any]:
    """Return the calibration as plain values."""
    return {
        'method': 'logistic in score and lead, scikit-learn',
        'tolerance': calibration.tolerance,
        'held_out': calibration.held_out,
        'frames': calibration.frames,
        'filters': {name: {**curve._asdict(), 'right': calibration.right[name]}
                    for name, curve in calibration.curves.items()},
    }


def calibration_from(tree: Any) -> Calibration:
    """
    Return the calibration of plain values.

    :raises MapError: if something is missing or no calibration.
    """
    try:
        filters = {name: tree['filters'][name] for name in _FILTERS}
        curves = {name: Curve(*(_number(found[part], -1e6 if part == 'offset' else 0.0)
                                for part in Curve._fields)) for name, found in filters.items()}
        right = {name: _number(found['right'], 0.0) for name, found in filters.items()}
        tolerance, frames = tree['tolerance'], tree['frames']
        if type(tolerance) is not int or type(frames) is not int or min(tolerance, frames) < 0:
            raise TypeError(f'tolerance {tolerance!r}, frames {frames!r}')
        return Calibration(tolerance, str(tree['held_out']), frames, curves, right)
    except (KeyError, TypeError) as error:
        raise MapError(f'map.yaml: confidence lacks or misplaces {error}') from None


def _number(value: Any, low: float) -> float:
    if type(value) is not float or not math.isfinite(value) or not low <= value <= 1e6:
        raise TypeError(repr(value))
    return value
