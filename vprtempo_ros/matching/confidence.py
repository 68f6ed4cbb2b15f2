"""
Confidence: the probability that a match is within the map's tolerance.

One logistic model for all maps, fitted on rendered and recorded routes that were driven again on
other days (`confidence_model.yaml`, see docs/research/recall.md). It weighs the cues of `cues.py`.
An additional traverse of a map refines it (Platt, 1999: a slope and an offset).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Mapping, NamedTuple

import numpy as np
import yaml

from ..arrays import Doubles
from ..errors import VprError
from .cues import NAMES, Cues
from .normalisation import loops_for

# Maximum exponent: beyond it the confidence is 0 or 1 to all digits.
_MOST = 50.0


class Curve(NamedTuple):
    """Confidence of a map for the model's exponent x: 1 / (1 + exp(-(slope * x + offset)))."""

    slope: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Calibration:
    """
    How confidence is computed, and how that was fitted.

    tolerance: a match is correct within this many places; held_out: frames that the curves were
    refined on, empty for the model as shipped; frames: their number; curves: by sequence filter;
    right: fraction of the frames that were matched correctly, by filter.
    """

    tolerance: int
    held_out: str
    frames: int
    curves: dict[str, Curve]
    right: dict[str, float]


class Model(NamedTuple):
    """Weights float64 (cues,) in the order of `cues.NAMES`, and the offset, for one filter."""

    weights: Doubles
    offset: float

    def exponent(self, features: Doubles) -> float:
        """Return the log odds that the match is correct, for features float64 (cues,)."""
        return float(features @ self.weights) + self.offset


def model_from(tree: Mapping[str, float]) -> Model:
    """Return the model for weights by cue, and `offset`; other cues have weight 0."""
    unknown = set(tree) - {*NAMES, 'offset'}
    if unknown:
        raise VprError(f'confidence_model.yaml: no such cue: {", ".join(sorted(unknown))}')
    return Model(np.array([float(tree.get(name, 0.0)) for name in NAMES]), float(tree['offset']))


@cache
def shipped_models() -> dict[str, Model]:
    """Return the models that come with the package, by sequence filter."""
    text = files(__package__).joinpath('confidence_model.yaml').read_text(encoding='utf-8')
    return {name: model_from(tree) for name, tree in yaml.safe_load(text)['filters'].items()}


def shipped_calibration(tolerance: int) -> Calibration:
    """Return the calibration of a map without additional traverse: the shipped model."""
    return Calibration(tolerance, '', 0, {name: Curve() for name in shipped_models()}, {})


def confidence(cues: Cues, model: Model, curve: Curve) -> float:
    """Return the confidence of the best place."""
    exponent = curve.slope * model.exponent(cues.features) + curve.offset
    return 1.0 / (1.0 + math.exp(-min(max(exponent, -_MOST), _MOST)))


def confidences(cues: Cues, best: float) -> Doubles:
    """
    Return the confidence of every place, float64 (places,), where that of the best is `best`.

    It is proportional to the belief to be within the tolerance of the place, so that neighbours
    share it, and no place exceeds the best one.
    """
    most = max(float(cues.belief[cues.best]), 1e-12)
    loops = loops_for(len(cues.belief))
    if loops:
        found = np.empty_like(cues.belief)
        loops.shared(cues.belief, most, best, found)
        return found
    found = cues.belief / most
    np.minimum(found, 1.0, out=found)
    found *= best
    return found
