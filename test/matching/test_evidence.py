"""What scores are worth: how far right places stand out is found again, on the map and off it."""

from __future__ import annotations

import numpy as np
import pytest

from vprtempo_ros.matching.sequence.evidence import Evidence, gains, independence

ALIKE = np.array([0.1, 0.4], np.float32)


def after(
    score: float, concentration: float, places: int, evidence: Evidence | None = None
) -> Evidence:
    """Return the evidence after this many places with such a score where the robot was expected."""
    evidence = evidence or Evidence()
    for _ in range(places):
        evidence.count(score, concentration, ALIKE, 1.0)
    return evidence


@pytest.mark.parametrize('score', [0.5, 2.0, 5.0])
def test_a_sharp_prediction_tells_the_standing_out(score: float) -> None:
    """A belief in one place sees the very mean; the correlation is that of the best speed."""
    evidence = after(score, 1.0, 400)
    assert evidence.standing_out == pytest.approx(score, rel=0.1)
    assert evidence.recent == pytest.approx(score, rel=0.01)
    assert evidence.correlation == pytest.approx(0.1, abs=0.02)
    assert evidence.places == 100


def test_half_of_a_blur_is_made_good() -> None:
    """A belief in nine places alike sees a ninth of the score, and counts a third of it."""
    evidence = after(3.0 / 9, 1 / 9, 1000)
    assert evidence.standing_out == pytest.approx(1.0, rel=0.1)


def test_off_the_map_little_is_worth_the_least() -> None:
    """Where predictions never come true the weight falls, and it rises again afterwards."""
    sharp = after(4.0, 1.0, 100)
    lost = after(0.0, 0.5, 300, sharp).weight
    assert lost == pytest.approx(0.4)
    assert after(4.0, 1.0, 300, sharp).weight > 2 * lost


def test_alike_frames_are_worth_less() -> None:
    """With the same standing out, frames that resemble each other weigh less."""
    one, other = Evidence(), Evidence()
    for _ in range(50):
        one.count(2.0, 1.0, np.array([0.05], np.float32), 1.0)
        other.count(2.0, 1.0, np.array([0.7], np.float32), 1.0)
    assert other.weight < one.weight


def test_a_fixed_weight_stays() -> None:
    """For any view."""
    evidence = Evidence(0.8)
    assert (evidence.weight, evidence.centre) == (0.8, 0.4)
    after(9.0, 1.0, 50, evidence)
    assert (evidence.weight, evidence.centre) == (0.8, 0.4)


def test_a_reset_forgets() -> None:
    """As new."""
    evidence = after(5.0, 1.0, 30)
    evidence.reset()
    assert vars(evidence) == vars(Evidence())


def test_gains_are_relative_to_the_least_alike() -> None:
    """One for the best speed, less for others, and nothing beyond correlations of 0 and 1."""
    found = gains(np.array([-0.3, 0.0, 0.6, 1.0], np.float32), 4)
    assert found[:3] == pytest.approx([1.0, 1.0, 0.5])
    assert 0.0 < found[3] < 0.05
    # The best of the first two counts, and none is worth more.
    assert gains(np.array([0.6, 0.8, 0.0], np.float32), 2) == pytest.approx([1.0, 2 / 3, 1.0])


def test_frames_further_apart_are_worth_more() -> None:
    """Nothing changes within three places; beyond them up to 2.2 times as much."""
    assert [independence(places) for places in (0.0, 0.3, 1.0, 3.0)] == [1.0] * 4
    assert independence(4.5) == pytest.approx(1.5)
    assert independence(1e9) == 2.2
