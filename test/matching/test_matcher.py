"""All stages of matching together: what they remember, what changes live, what is no match."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.helpers import CALIBRATION, drive, picture, tiny_config
from support.street import Street

from vprtempo_ros.config import BackendConfig, MatchConfig, SequenceConfig
from vprtempo_ros.errors import ImageError
from vprtempo_ros.frames import grey_image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.confidence import confidence, confidences, shipped_models
from vprtempo_ros.matching.cues import CueTracker
from vprtempo_ros.matching.following import Following
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.normalisation import Normaliser
from vprtempo_ros.matching.sequence import sequence_filter
from vprtempo_ros.matching.stages import FrameTiming, Route, all_finite
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.statistics import Statistics

PLACES, SECOND = 40, 10**9
ROUTE = Route(PLACES, 1.0)
TYPICAL = Statistics(
    np.linspace(-1, 1, PLACES, dtype=np.float32), np.linspace(0.5, 2, PLACES, dtype=np.float32)
)
FILTERS = ('none', 'seqslam', 'bayes')
Array = NDArray[np.float32]


def config(name: str = 'bayes', **settings: Any) -> MatchConfig:
    """Return settings with a filter; nothing is held back unless it is asked for."""
    return MatchConfig(
        **{'min_confidence': 0.0, 'sequence': SequenceConfig(filter=name), **settings}
    )


def matcher(settings: MatchConfig) -> Matcher:
    """Return the stages."""
    return Matcher(ROUTE, TYPICAL, CALIBRATION, settings)


def frame(number: int, at: int | None = None) -> Array:
    """Return similarities of a frame, with a place that stands out a little."""
    values = TYPICAL.mean + TYPICAL.std * np.random.default_rng(number).standard_normal(PLACES)
    if at is not None:
        values[at] += 1.5 * TYPICAL.std[at]
    return values.astype(np.float32)


def driven(matching: Matcher, numbers: range, first: int = 3) -> list[Array]:
    """Drive a place a second and return the scores."""
    return [
        matching(frame(number, first + number), FrameTiming((number + 1) * SECOND)).scores
        for number in numbers
    ]


@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('normalise', [True, False])
def test_stages_run_one_after_the_other(name: str, normalise: bool) -> None:
    """Normalisation, if it is on, then the filter; confidence by that filter's own curve."""
    settings = config(name, normalise=normalise, top_k=PLACES)
    matching = matcher(settings)
    stages = [Normaliser(TYPICAL), Following(PLACES)] if normalise else []
    stage = sequence_filter(ROUTE, settings.sequence)
    tracker = CueTracker(1, stage)
    for number in range(12):
        timing = FrameTiming((number + 1) * SECOND)
        similarity = frame(number, number)
        normalised = similarity
        for each in stages:
            normalised = each(normalised, timing)
        expected = stage(normalised, timing)
        found = matching(similarity, timing)
        np.testing.assert_array_equal(found.scores, expected)
        cues = tracker(normalised, expected)
        model, curve = shipped_models()[name], CALIBRATION.curves[name]
        belief = confidences(cues, confidence(cues, model, curve))
        assert found.places[0] == cues.answer
        falling = np.minimum.accumulate(belief[found.places])
        assert found.confidences.tolist() == falling.tolist()
        assert found.belief.tolist() == belief.tolist()


@pytest.mark.parametrize('name', FILTERS)
def test_the_answer_may_change_while_driving(name: str) -> None:
    """Another top_k or threshold counts at once and costs no memory of the frames before."""
    changed, kept = matcher(config(name)), matcher(config(name))
    driven(changed, range(8)), driven(kept, range(8))
    assert changed.adjust(config(name, top_k=2))
    similarity, timing = frame(8, 11), FrameTiming(9 * SECOND)
    two, five = changed(similarity, timing), kept(similarity, timing)
    np.testing.assert_array_equal(two.scores, five.scores)
    assert two.places.tolist() == five.places[:2].tolist()
    assert changed.adjust(config(name, min_confidence=1.0))
    assert len(changed(frame(9), FrameTiming(10 * SECOND)).places) == 0


@pytest.mark.parametrize(
    'other',
    [
        config('seqslam'),
        config('none'),
        config(normalise=False),
        config(sequence=SequenceConfig(filter='bayes', leaving=0.2)),
    ],
)
def test_other_stages_are_not_taken_on_the_way(other: MatchConfig) -> None:
    """The stages say so, and go on as they were."""
    changed, kept = matcher(config()), matcher(config())
    driven(changed, range(5)), driven(kept, range(5))
    assert not changed.adjust(replace(other, top_k=1))
    for one, two in zip(driven(changed, range(5, 8)), driven(kept, range(5, 8)), strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(changed(frame(9, 9), FrameTiming(10 * SECOND)).places) == 5


def test_settings_are_copied() -> None:
    """Later changes of the caller's object have no effect until it is adjusted."""
    settings = config(top_k=3)
    matching = matcher(settings)
    settings.top_k = 1
    settings.sequence.filter = 'none'
    assert len(matching(frame(0, 4), FrameTiming(SECOND)).places) == 3
    assert not matching.adjust(settings)
    settings.sequence.filter = 'bayes'
    assert matching.adjust(settings)
    assert len(matching(frame(1, 5), FrameTiming(2 * SECOND)).places) == 1


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize(
    'similarity',
    [
        np.full(PLACES, 0.25, np.float32),
        np.full(PLACES, math.nan, np.float32),
        np.where(np.arange(PLACES) == 7, math.nan, frame(0)).astype(np.float32),
        np.where(np.arange(PLACES) == 7, math.inf, frame(0)).astype(np.float32),
        np.where(np.arange(PLACES) == 7, -math.inf, frame(0)).astype(np.float32),
    ],
    ids=['flat', 'nan', 'one nan', 'inf', '-inf'],
)
def test_what_shows_nothing_is_no_match(name: str, similarity: Array) -> None:
    """However sure the frames before made it; and the frames after it are matched as before."""
    matching = matcher(config(name))
    driven(matching, range(10))
    unknown = matching(similarity, FrameTiming(11 * SECOND))
    assert unknown.places.tolist() == []
    assert unknown.confidences.tolist() == []
    after = [
        matching(frame(number, 3 + number), FrameTiming((number + 1) * SECOND))
        for number in range(11, 22)
    ]
    assert all(len(found.places) == 5 for found in after)
    if name != 'none':
        assert after[-1].places[0] == 24


@pytest.mark.parametrize('name', FILTERS)
def test_reset_forgets_the_way_here(name: str) -> None:
    """After a reset the next frames are assessed as by stages that have seen none."""
    going_on, restarted, fresh = (matcher(config(name)) for _ in range(3))
    driven(going_on, range(8)), driven(restarted, range(8))
    restarted.reset()
    found = [driven(each, range(8, 16)) for each in (going_on, restarted, fresh)]
    np.testing.assert_array_equal(found[1], found[2])
    # Without a filter too: the responses of each place are followed.
    assert not np.array_equal(found[0], found[2])


def asked(recogniser: Recogniser, street: Street, count: int = 12) -> list[Array]:
    """Return the scores of the first frames of the query drive."""
    return [
        recogniser.recognise(each.image, FrameTiming(each.stamp_ns)).scores
        for each in street.frames('query')[:count]
    ]


@pytest.fixture(scope='module')
def loaded(street: Street) -> Map:
    """Return the street's map."""
    return load(street.map)


def test_a_recogniser_keeps_its_memory_if_it_can(street: Street, loaded: Map) -> None:
    """Another threshold changes no score; another filter starts again with the same light."""
    frames = street.frames('query')
    plain, changed, restarted = (
        Recogniser(loaded, BackendConfig(name='numpy'), config()) for _ in range(3)
    )
    for recogniser in (plain, changed, restarted):
        asked(recogniser, street)
    changed.configure(config(top_k=1))
    restarted.configure(config('seqslam'))
    restarted.configure(config())
    image, timing = frames[12].image, FrameTiming(frames[12].stamp_ns)
    kept, same, new = (
        recogniser.recognise(image, timing) for recogniser in (plain, changed, restarted)
    )
    np.testing.assert_array_equal(kept.scores, same.scores)
    assert len(same.places) == 1
    assert len(kept.places) == 5
    # The adaptation to the light went on, so the network answers the same; the belief did not.
    np.testing.assert_array_equal(kept.similarity, new.similarity)
    assert abs(kept.scores - new.scores).max() > 1
    for recogniser in (plain, changed, restarted):
        recogniser.close()


def test_a_recogniser_is_reset(street: Street, loaded: Map) -> None:
    """The way is forgotten: the next frame is assessed as the first one of a drive."""
    frame_of = street.frames('query')[12]
    one, other = (Recogniser(loaded, BackendConfig(name='numpy'), config()) for _ in range(2))
    for recogniser in (one, other):
        asked(recogniser, street)
    other.reset()
    kept, new = (
        recogniser.recognise(frame_of.image, FrameTiming(frame_of.stamp_ns))
        for recogniser in (one, other)
    )
    np.testing.assert_array_equal(kept.similarity, new.similarity)
    first = Matcher(loaded.route(), loaded.response_statistics, loaded.calibration, config())
    np.testing.assert_array_equal(
        new.scores, first(new.similarity, FrameTiming(frame_of.stamp_ns)).scores
    )
    assert abs(kept.scores - new.scores).max() > 1


def test_starting_leaves_no_trace(street: Street, loaded: Map) -> None:
    """The picture that warms everything up is forgotten: two recognisers agree from the start."""
    from vprtempo_ros.backends import create
    from vprtempo_ros.encoding.adaptation import Adaptation
    from vprtempo_ros.encoding.encoder import encoder_for

    encode, adapt = encoder_for(loaded.config), Adaptation(loaded.pixel_statistics)
    backend = create(loaded.network, BackendConfig(name='numpy'))
    stages = Matcher(loaded.route(), loaded.response_statistics, loaded.calibration, config())
    recogniser = Recogniser(loaded, BackendConfig(name='numpy'), config())
    for each, scores in zip(street.frames('query'), asked(recogniser, street), strict=False):
        similarity = backend.similarity(adapt(encode(each.image)))
        found = stages(similarity, FrameTiming(each.stamp_ns))
        np.testing.assert_array_equal(scores, found.scores)


def test_every_place_has_a_confidence(street: Street, loaded: Map) -> None:
    """Those in the match are the highest of them."""
    recogniser = Recogniser(loaded, BackendConfig(name='numpy'), config())
    for each in street.frames('query')[:5]:
        answer = recogniser.recognise(each.image, FrameTiming(each.stamp_ns))
    found = answer.belief
    assert found.shape == (len(loaded.places),)
    assert found.dtype == np.float64
    falling = np.minimum.accumulate(found[answer.places])
    assert falling == pytest.approx(answer.confidences, rel=1e-5)
    assert found.max() == found[answer.places[0]]


def test_frames_that_cannot_be_used_leave_no_trace(tmp_path: Any) -> None:
    """Another size and a covered lens are refused, before anything is remembered of them."""
    bag = drive(tmp_path / 'bag', range(6), range(6))
    built = build_map(tiny_config(bag))
    recognisers = [Recogniser(built, BackendConfig(name='numpy'), config()) for _ in range(2)]
    for number in range(3):
        for recogniser in recognisers:
            recogniser.recognise(grey_image(picture(number)), FrameTiming(SECOND * (number + 1)))
    for bad, words in (
        (picture(0, 48, 64), 'expected 32x24 pixels'),
        (np.zeros((24, 32), np.uint8), 'without any contrast'),
    ):
        with pytest.raises(ImageError, match=words):
            recognisers[0].recognise(grey_image(bad), FrameTiming(SECOND * 4))
    one, other = (
        recogniser.recognise(grey_image(picture(4)), FrameTiming(SECOND * 5))
        for recogniser in recognisers
    )
    np.testing.assert_array_equal(one.scores, other.scores)
    any_size = Recogniser(built, BackendConfig(name='numpy'), config(), any_size=True)
    assert len(any_size.recognise(grey_image(picture(0, 48, 64)), FrameTiming(SECOND)).scores) == 6


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('at', [0, 7])
def test_what_is_not_finite_is_found(value: float, at: int) -> None:
    """Wherever it is; numbers whose squares are too large are finite."""
    scores = np.linspace(-3e38, 3e38, 8, dtype=np.float32)
    assert all_finite(scores)
    scores[at] = value
    assert not all_finite(scores)
