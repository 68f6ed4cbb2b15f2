"""The confidence of a map: the shipped model, and its refinement on an additional traverse."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from support.street import Street

from vprtempo_ros.backends import Backend
from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.config import MatchConfig, SequenceConfig
from vprtempo_ros.encoding.adaptation import Adaptation, standardise
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.maps.confidence_fit import NAME, refine_confidence
from vprtempo_ros.maps.held_out import HeldOut
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.confidence import Calibration, Curve, shipped_calibration
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.statistics import statistics_of
from vprtempo_ros.support.progress import silent

FILTERS = ('none', 'seqslam', 'bayes')


class Parts(NamedTuple):
    """What confidence is refined with: a map, its engine, frames of another drive, distractors."""

    map: Map
    backend: Backend
    held_out: HeldOut
    distractors: NDArray[np.uint8]

    def refine(self, held_out: HeldOut | None = None) -> Calibration:
        """Return the calibration."""
        return refine_confidence(
            self.backend,
            self.map.route(),
            self.map.response_statistics,
            held_out or self.held_out,
            self.distractors,
            self.map.calibration.tolerance,
            silent,
        )


@pytest.fixture(scope='module')
def parts(street: Street) -> Parts:
    """Return the parts of the street's map, with the evening drive as an additional traverse."""
    loaded = load(street.map)
    encode = encoder_for(loaded.config)
    frames = street.frames('query')
    spikes = np.stack([encode(frame.image) for frame in frames])
    poses = [place.pose for place in loaded.places]
    nearest = np.array(
        [int(np.argmin([frame.pose.distance(pose) for pose in poses])) for frame in frames]
    )
    stamps = np.array([frame.stamp_ns for frame in frames], np.int64)
    held_out = HeldOut(standardise(spikes, statistics_of(spikes)), nearest, stamps)
    return Parts(
        loaded, reference_backend(loaded.network), held_out, encode.mirrored(loaded.shown())
    )


def test_a_map_of_one_traverse_has_the_shipped_model(parts: Parts) -> None:
    """Without a slope and an offset of its own, for each filter."""
    assert parts.map.calibration == shipped_calibration(1)
    assert parts.map.calibration.curves == dict.fromkeys(FILTERS, Curve(1.0, 0.0))


def test_refined_curves_are_sound(parts: Parts) -> None:
    """They rise with the model, say how many frames were correct, and are the same each time."""
    found = parts.refine()
    assert found == parts.refine()
    assert (found.tolerance, found.held_out, found.frames) == (1, NAME, len(parts.held_out))
    for name in FILTERS:
        assert found.curves[name].slope > 0.0
        assert 0.5 < found.right[name] <= 1.0
    assert found.right['bayes'] >= found.right['none'] - 0.05


def test_wrong_matches_lower_the_confidence(parts: Parts) -> None:
    """If the additional traverse shows other places than it claims, the offset falls."""
    wrong = (parts.held_out.places + len(parts.map.places) // 2) % len(parts.map.places)
    shifted = replace(parts.held_out, places=wrong)
    good, bad = parts.refine(), parts.refine(shifted)
    for name in FILTERS:
        assert bad.right[name] < 0.3
        at = [curve.slope * 3.0 + curve.offset for curve in (good.curves[name], bad.curves[name])]
        assert at[1] < at[0] - 0.5


def test_distractors_show_no_place_of_the_map(parts: Parts) -> None:
    """The mirrored frames are not recognised, while the frames themselves are."""
    shown = parts.map.shown()
    own = np.array([parts.backend.similarity(row).argmax() for row in shown])
    other = np.array([parts.backend.similarity(row).argmax() for row in parts.distractors])
    assert (own == np.arange(len(shown))).mean() > 0.9
    assert (other == np.arange(len(shown))).mean() < 0.4


@pytest.mark.parametrize('name', FILTERS)
def test_the_evening_drive_is_recognised_and_noise_is_not(
    street: Street, parts: Parts, name: str
) -> None:
    """With the shipped model: confidence is high where matches are correct, low for noise."""
    loaded = parts.map
    encode = encoder_for(loaded.config)
    rng = np.random.default_rng(0)
    evening = [encode(frame.image) for frame in street.frames('query')]
    noise = [rng.integers(0, 256, encode.length).astype(np.uint8) for _ in evening]
    mean = []
    for drive in (evening, noise):
        adapt = Adaptation(loaded.pixel_statistics)
        matcher = Matcher(
            loaded.route(),
            loaded.response_statistics,
            loaded.calibration,
            MatchConfig(min_confidence=0.0, sequence=SequenceConfig(filter=name)),
        )
        matches = [
            matcher(parts.backend.similarity(adapt(spikes)), FrameTiming(10**8 * (1 + number)))
            for number, spikes in enumerate(drive)
        ]
        mean.append(float(np.mean([match.confidence for match in matches[10:]])))
    assert mean[0] > 0.5
    assert mean[1] < mean[0] - 0.25
