"""The calibration of confidence in map.yaml."""

from __future__ import annotations

import math

from ..errors import MapError
from ..matching.confidence import Calibration, Curve, shipped_calibration

_FILTERS = ('none', 'seqslam', 'bayes')

# No fit gives a number beyond this.
_MOST = 1e6


def calibration_tree(calibration: Calibration) -> dict[str, object]:
    """Return the calibration as plain values."""
    return {
        'method': 'shipped logistic model, with slope and offset of this map',
        'tolerance': calibration.tolerance,
        'held_out': calibration.held_out,
        'frames': calibration.frames,
        'filters': {
            name: {**curve._asdict(), **_right(calibration, name)}
            for name, curve in calibration.curves.items()
        },
    }


def _right(calibration: Calibration, name: str) -> dict[str, float]:
    return {'right': calibration.right[name]} if name in calibration.right else {}


def calibration_from(tree: object, version: int) -> Calibration:
    """
    Return the calibration of plain values; of format 2, whose curves were of other cues, the model.

    :raises MapError: if a value is missing or not allowed.
    """
    try:
        if version < 3:
            return shipped_calibration(_count(tree, 'tolerance'))
        filters = {name: _part(_part(tree, 'filters'), name) for name in _FILTERS}
        curves = {
            name: Curve(
                _number(_part(found, 'slope'), 0.0, _MOST),
                _number(_part(found, 'offset'), -_MOST, _MOST),
            )
            for name, found in filters.items()
        }
        right = {
            name: _number(_part(found, 'right'), 0.0, 1.0)
            for name, found in filters.items()
            if isinstance(found, dict) and 'right' in found
        }
        held_out = _part(tree, 'held_out')
        if not isinstance(held_out, str):
            raise TypeError(f'held_out {held_out!r}')
        return Calibration(
            _count(tree, 'tolerance'), held_out, _count(tree, 'frames'), curves, right
        )
    except (KeyError, TypeError) as error:
        reason = ' '.join(str(error).split())[:200]
        raise MapError(f'map.yaml: confidence lacks or misplaces {reason}') from None


def _part(tree: object, name: str) -> object:
    if not isinstance(tree, dict):
        raise TypeError(f'{name}, found {tree!r:.100}')
    return tree[name]


def _number(value: object, low: float, high: float) -> float:
    # Not isinstance: a bool is a number too.
    if type(value) is not float or not math.isfinite(value) or not low <= value <= high:
        raise TypeError(repr(value))
    return value


def _count(tree: object, name: str) -> int:
    value = _part(tree, name)
    if type(value) is not int or not 0 <= value <= _MOST:
        raise TypeError(f'{name} {value!r}')
    return value
