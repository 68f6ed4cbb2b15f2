"""Fitting confidence on a real small map: what it is fitted on, and that it can be trusted."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from support.street import Street

from vprtempo_ros.backends import Backend, create
from vprtempo_ros.config import BackendConfig, MatchConfig, SequenceConfig
from vprtempo_ros.encoding.adaptation import Adaptation, standardise
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.maps import confidence_fit
from vprtempo_ros.maps.confidence_fit import fit_confidence, mirrored
from vprtempo_ros.maps.held_out import HeldOut
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.confidence import Calibration
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.support.progress import silent

FILTERS = ('none', 'seqslam', 'bayes')


class Parts(NamedTuple):
    """Inputs of the fit: a map, its backend, held-out frames, distractors."""

    map: Map
    backend: Backend
    held_out: HeldOut
    distractors: NDArray[np.uint8]

    def fit(self, seed: int = 0) -> Calibration:
        """Return the calibration."""
        return fit_confidence(
            self.backend,
            self.map.route(),
            self.map.response_statistics,
            self.held_out,
            self.distractors,
            self.map.calibration.tolerance,
            seed,
            silent,
        )


@pytest.fixture(scope='module')
def parts(street: Street) -> Parts:
    """Return the street's map with the frames between its places."""
    loaded = load(street.map)
    encode = PixelEncoder(loaded.config.encoding)
    stamps = np.array([place.stamp_ns for place in loaded.places])
    between = [
        frame
        for frame in street.frames()
        if frame.stamp_ns > stamps[0] and frame.stamp_ns not in stamps
    ]
    before = np.searchsorted(stamps, [frame.stamp_ns for frame in between]) - 1
    spikes = standardise(
        np.stack([encode(frame.image) for frame in between]), loaded.pixel_statistics
    )
    held_out = HeldOut(
        spikes,
        before,
        np.minimum(before + 1, len(stamps) - 1),
        np.array([frame.stamp_ns for frame in between]),
        'frames between places',
        0,
    )
    return Parts(
        loaded,
        create(loaded.network, BackendConfig(name='numpy')),
        held_out,
        mirrored(loaded.shown(), loaded.config.encoding.width),
    )


def test_the_fit_is_that_of_the_map(parts: Parts) -> None:
    """The calibration fitted here is that of the map, bit for bit."""
    assert parts.fit() == parts.map.calibration


def test_curves_are_sound(parts: Parts) -> None:
    """Each filter has a finite, rising curve, and some of the frames were correct."""
    found = parts.fit()
    assert set(found.curves) == set(found.right) == set(FILTERS)
    for name in FILTERS:
        assert np.isfinite(found.curves[name]).all()
        assert found.curves[name].height >= 0
        assert found.curves[name].lead >= 0
        assert max(found.curves[name][:2]) > 0
        assert 0.1 < found.right[name] < 0.9
    assert found.frames == 80 * 25
    # Filters improve the matches.
    assert found.right['bayes'] > found.right['none']


def test_the_seed_decides(parts: Parts) -> None:
    """The same seed gives the same curves; another gives other runs and similar curves."""
    assert parts.fit(1) == parts.fit(1) != parts.fit(2)
    at = {seed: parts.fit(seed).curves['none'] for seed in (1, 2)}
    assert at[1].lead == pytest.approx(at[2].lead, rel=0.5)


def test_distractors_is_the_route_mirrored() -> None:
    """Each row is mirrored; the order of rows and frames stays."""
    frames = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 12)
    assert mirrored(frames, 4).tolist() == [
        [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8],
        [15, 14, 13, 12, 19, 18, 17, 16, 23, 22, 21, 20],
    ]
    assert (mirrored(mirrored(frames, 4), 4) == frames).all()


def test_distractors_is_no_place_of_the_map(parts: Parts) -> None:
    """The mirrored frames are not recognised, while the frames themselves are."""
    shown = parts.map.shown()
    own = np.array([parts.backend.similarity(row).argmax() for row in shown])
    other = np.array([parts.backend.similarity(row).argmax() for row in parts.distractors])
    assert (own == np.arange(len(shown))).mean() > 0.9
    assert (other == np.arange(len(shown))).mean() < 0.3


def runs(parts: Parts, count: int = 200) -> list[confidence_fit._Run]:
    """Return runs that confidence is fitted on."""
    rng = np.random.default_rng(5)
    return [confidence_fit._run(parts.held_out, parts.distractors, rng) for _ in range(count)]


def is_off_map(parts: Parts, run: confidence_fit._Run) -> bool:
    """Return whether no place of the map is correct in a run."""
    return bool((run.first > len(parts.map.places)).all())


def test_runs_are_segments_of_the_drive(parts: Parts) -> None:
    """Successive frames with correct places and stamps; the end continues at the beginning."""
    held_out, wrapped = parts.held_out, 0
    for run in runs(parts):
        if is_off_map(parts, run):
            continue
        candidates = [(begin + np.arange(30)) % len(held_out) for begin in range(len(held_out))]
        assert any(
            (held_out.first[frames] == run.first).all()
            and (held_out.last[frames] == run.last).all()
            for frames in candidates
        )
        assert run.spikes.shape == (30, 784)
        assert (np.diff(run.stamps) > 0).all()
        assert np.diff(run.stamps).max() < 10**9
        wrapped += int((np.diff(run.first) < 0).any())
    assert wrapped > 0


def test_a_part_of_the_runs_shows_nothing_of_the_map(parts: Parts) -> None:
    """About a fifth of the runs has distractors only."""
    blank = parts._replace(
        held_out=replace(parts.held_out, spikes=np.zeros_like(parts.held_out.spikes))
    )
    off_map = 0
    for run, other in zip(runs(parts), runs(blank), strict=True):
        same = bool((run.spikes == other.spikes).all())
        assert same == is_off_map(parts, run)
        off_map += same
    assert 25 <= off_map <= 60


@pytest.mark.parametrize('name', FILTERS)
def test_off_map_is_less_sure(parts: Parts, name: str) -> None:
    """With each filter confidence is lower off the map and for wrong matches."""
    matcher = Matcher(
        parts.map.route(),
        parts.map.response_statistics,
        parts.fit(),
        MatchConfig(min_confidence=0.0, sequence=SequenceConfig(filter=name)),
    )
    said: dict[str, list[float]] = {'off_map': [], 'right': [], 'wrong': []}
    for run in runs(parts, 60):
        matcher.reset()
        for number, stamp in enumerate(run.stamps.tolist()):
            found = matcher(parts.backend.similarity(run.spikes[number]), FrameTiming(stamp))
            if number < 5:
                continue
            near = run.first[number] - 1 <= found.places[0] <= run.last[number] + 1
            kind = 'off_map' if is_off_map(parts, run) else 'right' if near else 'wrong'
            said[kind].append(float(found.confidences[0]))
    mean = {kind: float(np.mean(values)) for kind, values in said.items()}
    # A single frame on a map of 18 places gives little evidence; rendered pictures differ in a few
    # pixels from run to run.
    margin = {'none': 0.03, 'seqslam': 0.08, 'bayes': 0.15}[name]
    assert mean['right'] > mean['off_map'] + margin, mean
    assert mean['right'] > mean['wrong'] + margin, mean
    # Runs that were not fitted on: confidence is calibrated for them on average.
    everything = np.concatenate([said[kind] for kind in ('right', 'wrong', 'off_map')])
    assert everything.mean() == pytest.approx(len(said['right']) / len(everything), abs=0.12)


def test_another_drive_is_recognised_and_another_world_is_not(street: Street, parts: Parts) -> None:
    """With the map's own confidence and threshold: the evening drive is known, noise is not."""
    loaded = parts.map
    encode = PixelEncoder(loaded.config.encoding)
    rng = np.random.default_rng(0)
    evening = [encode(frame.image) for frame in street.frames('query')]
    answered = []
    for drive in (evening, [rng.integers(0, 256, 784).astype(np.uint8) for _ in evening]):
        adapt = Adaptation(loaded.pixel_statistics)
        matcher = Matcher(
            loaded.route(), loaded.response_statistics, loaded.calibration, MatchConfig()
        )
        answers = [
            matcher(parts.backend.similarity(adapt(spikes)), FrameTiming(10**8 * (1 + number)))
            for number, spikes in enumerate(drive)
        ]
        answered.append(np.mean([len(answer.places) > 0 for answer in answers]))
    assert answered[0] > 0.7
    assert answered[1] < 0.5
