"""The calibration of confidence as it stands in map.yaml."""

from __future__ import annotations

import math
from typing import Any

from ..errors import MapError
from ..matching.confidence import Calibration, Curve

_FILTERS = ('none', 'seqslam', 'bayes')

# Beyond this a number comes from no fit.
_MOST = 1e6


def calibration_tree(calibration: Calibration) -> dict[str, Any]:
    """Return the calibration as plain values."""
    return {
        'method': 'logistic in score and lead, scikit-learn',
        'tolerance': calibration.tolerance,
        'held_out': calibration.held_out,
        'frames': calibration.frames,
        'filters': {
            name: {**curve._asdict(), 'right': calibration.right[name]}
            for name, curve in calibration.curves.items()
        },
    }


def calibration_from(tree: Any) -> Calibration:
    """
    Return the calibration of plain values.

    :raises MapError: if something is missing or no calibration.
    """
    try:
        filters = {name: tree['filters'][name] for name in _FILTERS}
        curves = {
            name: Curve(
                *(
                    _number(found[part], -_MOST if part == 'offset' else 0.0, _MOST)
                    for part in Curve._fields
                )
            )
            for name, found in filters.items()
        }
        right = {name: _number(found['right'], 0.0, 1.0) for name, found in filters.items()}
        tolerance, frames, held_out = tree['tolerance'], tree['frames'], tree['held_out']
        for count in (tolerance, frames):
            if type(count) is not int or not 0 <= count <= _MOST:
                raise TypeError(f'tolerance {tolerance!r}, frames {frames!r}')
        if type(held_out) is not str:
            raise TypeError(f'held_out {held_out!r}')
        return Calibration(tolerance, held_out, frames, curves, right)
    except (KeyError, TypeError) as error:
        reason = ' '.join(str(error).split())[:200]
        raise MapError(f'map.yaml: confidence lacks or misplaces {reason}') from None


def _number(value: Any, low: float, high: float) -> float:
    if type(value) is not float or not math.isfinite(value) or not low <= value <= high:
        raise TypeError(repr(value))
    return value
