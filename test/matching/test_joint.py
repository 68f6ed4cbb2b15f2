"""Several cameras, one belief: rounds, weights, clocks, and what one camera of them is worth."""

from __future__ import annotations

from typing import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from support.helpers import CALIBRATION

from vprtempo_ros.config import MatchConfig
from vprtempo_ros.matching.joint import JointScores
from vprtempo_ros.matching.match import Match
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.sequence import Unfiltered
from vprtempo_ros.matching.stages import FrameTiming, Route, Shown
from vprtempo_ros.statistics import Statistics

PLACES, SECOND = 60, 10**9
ROUTE = Route(PLACES, 1.0, 1.0)
ONES = Statistics(np.zeros(PLACES, np.float32), np.ones(PLACES, np.float32))
START = 1000 * SECOND
Array = NDArray[np.float32]
Views = Mapping[str, Callable[[int], 'Array | None']]


def seen(seed: int, at: int | None, height: float = 3.5) -> Array:
    """Return responses of places to a frame: noise, and the right place stands out."""
    values = np.random.default_rng(seed).standard_normal(PLACES)
    if at is not None:
        values[at] += height
    return values.astype(np.float32)


def front(number: int) -> Array:
    return seen(number, number)


def rear(number: int) -> Array:
    return seen(1000 + number, number)


def nothing(number: int) -> Array:
    """Return responses to an image of a cover: always the same, and a little noise."""
    return (seen(77, 40) + 0.3 * seen(number, None)).astype(np.float32)


def driven(views: Views, frames: int = PLACES) -> tuple[Matcher, list[Match]]:
    """Drive a place a second past all places, with one frame of each camera in each."""
    several = dict.fromkeys(views, ONES)
    matcher = Matcher(ROUTE, several, CALIBRATION, MatchConfig(min_confidence=0.0))
    matches = []
    for number in range(frames):
        shown = {name: view(number) for name, view in views.items()}
        given = {name: each for name, each in shown.items() if each is not None}
        matches.append(matcher(given, FrameTiming(START + number * SECOND)))
    return matcher, matches


def right(matches: list[Match], first: int = 0) -> float:
    """Return the fraction of matches of the right place, within one, from the first frame on."""
    found = [abs((match.place or 0) - at) <= 1 for at, match in enumerate(matches)]
    return float(np.mean(found[first:]))


def test_two_cameras_are_worth_more_than_one() -> None:
    """Where places hardly stand out in each of them."""
    views = {name: lambda n, s=seed: seen(s + n, n, 1.3) for name, seed in (('a', 0), ('b', 5000))}
    alone = max(right(driven({name: view})[1]) for name, view in views.items())
    assert right(driven(views)[1]) > alone


def test_scores_of_wrong_places_keep_their_scale() -> None:
    """The filter and the confidence take scores of variance 1."""
    joint = JointScores(['a', 'b'], ROUTE, Unfiltered())
    for name, values in (('a', front(1)), ('b', rear(1))):
        joint.add(name, Shown(values, values - values.mean(), FrameTiming(START)))
    _, shown = joint.join()
    assert float(shown.normalised.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(shown.normalised.std()) == pytest.approx(1.0, abs=1e-5)
    assert shown.normalised.dtype == shown.similarity.dtype == np.float32


@pytest.mark.parametrize(
    'covered', [nothing, lambda n: seen(9000 + n, None), lambda n: rear(min(n, 20))]
)
def test_a_camera_that_sees_nothing_counts_less(covered: Callable[[int], Array]) -> None:
    """One that is covered, or whose image stays the same."""
    views = {'front': front, 'rear': lambda n: rear(n) if n < 20 else covered(n)}
    matcher, matches = driven(views)
    assert right(matches, 3) > 0.95
    states = matcher.cameras
    assert states['front'].share > 0.6
    assert states['rear'].standing_out < 0.5
    assert states['front'].standing_out > 1.5


def test_each_camera_may_be_covered_for_a_while() -> None:
    """The weight returns to one that sees again, and no camera alone recognises all."""
    third = PLACES // 3
    views = {
        'front': lambda n: front(n) if n >= third else nothing(n),
        'rear': lambda n: rear(n) if n < 2 * third else nothing(n),
    }
    alone = max(right(driven({name: view})[1]) for name, view in views.items())
    assert right(driven(views)[1]) > 1.1 * alone


def test_a_frozen_camera_is_known() -> None:
    """Its view stays the same while that of another changes; it counts nothing until it changes."""
    views = {'front': front, 'rear': lambda n: rear(30 if 30 <= n < 50 else n)}
    matcher, _ = driven(views, 40)
    assert matcher.cameras['rear'].frozen and matcher.cameras['rear'].share == 0.0
    assert not matcher.cameras['front'].frozen
    matcher, matches = driven(views)
    assert not matcher.cameras['rear'].frozen and matcher.cameras['rear'].share > 0.1
    assert right(matches) > 0.95


def test_a_camera_that_stops_counts_less_with_time() -> None:
    matcher, matches = driven({'front': front, 'rear': lambda n: rear(n) if n < 20 else None}, 40)
    assert matcher.cameras['rear'].share < 0.01
    assert right(matches) > 0.95


def ends(frames: str) -> str:
    """Return the frames at which a round ends: camera and ms."""
    joint = JointScores('fr', ROUTE, Unfiltered())
    found = []
    for number, frame in enumerate(frames.split()):
        timing = FrameTiming(START + int(frame[1:]) * SECOND // 1000)
        if joint.add(frame[0], Shown(front(number), front(number), timing)):
            joint.join()
            found.append(frame)
    return ' '.join(found)


def test_a_round_has_a_frame_of_each_camera() -> None:
    """It ends with the last camera, or with the second frame of one; none is waited for twice."""
    assert ends('f0 r10 f100 r110 f200 r210') == 'r10 r110 r210'
    # The rear camera stops, and begins again.
    assert ends('f0 r10 f100 f200 f300 f400 r410 f500 r510') == 'r10 f200 f300 f400 r510'
    # It is five times slower.
    assert ends('f0 f100 f200 r250 f300 f400 f500 f600') == 'f100 f200 f300 f500 f600'
    # A frame of the front camera is lost: frames of one time are together again.
    assert ends('f0 r10 f100 r110 r210 f300 r310 f400 r410') == 'r10 r110 f300 r410'


def test_the_way_is_that_between_the_frames_whose_time_counts() -> None:
    """However many frames of others were between."""
    joint = JointScores('fr', ROUTE, Unfiltered())
    ways = []
    for number, name in enumerate('frfrfrfr'):
        timing = FrameTiming(START + number * SECOND // 10, 0.1)
        if joint.add(name, Shown(front(number), front(number), timing)):
            ways.append(joint.join()[1].timing)
    assert ways[-1].travelled == pytest.approx((ways[-1].stamp_ns - ways[-2].stamp_ns) * 1e-9)


def test_cameras_of_another_clock_are_left_out() -> None:
    """The first camera's clock counts; the offset of others is known."""
    joint = JointScores(['front', 'rear'], ROUTE, Unfiltered())
    for number in range(4):
        for name, offset in (('front', 0), ('rear', 100 * SECOND)):
            stamp = START + offset + number * SECOND
            values = front(number)
            if joint.add(name, Shown(values, values, FrameTiming(stamp))):
                leading, shown = joint.join()
                if number:
                    assert leading == 'front'
                    assert shown.timing.stamp_ns == START + number * SECOND
    assert joint.states['rear'].offset == pytest.approx(100.0)
    assert joint.states['rear'].share == 0.0
    assert joint.states['front'].offset is None


def test_a_drive_begins_without_memory() -> None:
    """After a reset, as after a jump back of one camera's time, everything is as at first."""
    first, matches = driven({'front': front, 'rear': rear}, 10)
    first.reset()
    assert all(state.share == 0.0 for state in first.cameras.values())
    _, again = driven({'front': front, 'rear': rear}, 10)
    assert np.array_equal(matches[-1].scores, again[-1].scores)
