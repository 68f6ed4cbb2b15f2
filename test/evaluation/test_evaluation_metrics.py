"""Precision, rejection, reliability and ranks: by hand, and against vprtempo.src.metrics."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vprtempo_ros.evaluation.examples import examples
from vprtempo_ros.evaluation.precision import (
    at_threshold,
    precision_recall,
    rejected,
    threshold_keeping,
)
from vprtempo_ros.evaluation.predictions import PredictionRecorder, Predictions, from_lists, rank
from vprtempo_ros.evaluation.recall import recall_of
from vprtempo_ros.evaluation.reliability import calibration_error, reliability
from vprtempo_ros.evaluation.truth import NO_PLACE, UNKNOWN, GroundTruth


def truth(*first: int) -> GroundTruth:
    """Return the truth of queries with one correct place each, or NO_PLACE or UNKNOWN."""
    places = np.array(first, np.int64)
    return GroundTruth(np.arange(len(places)), places, places)


def predictions(*given: tuple[int, float]) -> Predictions:
    """Return predictions of a place and a confidence each; ranks are not used."""
    places, certainty = zip(*given)
    return Predictions(
        np.array(places, np.intp), np.array(certainty, float), np.zeros(len(places), np.intp)
    )


# Correct at 0.9 and 0.6, wrong at 0.7 and 0.3 (there a query without a place), one unanswered.
KNOWN = truth(0, 1, 2, NO_PLACE, 4)
GIVEN = predictions((0, 0.9), (7, 0.7), (2, 0.6), (3, 0.3), (NO_PLACE, 0.0))


def test_precision_and_recall_by_hand() -> None:
    """Four queries have a place; the prediction for the one without is wrong."""
    found = precision_recall(KNOWN, GIVEN)
    assert found.thresholds.tolist() == [0.3, 0.6, 0.7, 0.9]
    assert found.precision.tolist() == pytest.approx([2 / 4, 2 / 3, 1 / 2, 1])
    assert found.recall.tolist() == pytest.approx([2 / 4, 2 / 4, 1 / 4, 1 / 4])
    # Steps of recall 1/4 at precision 1 and at precision 2/3.
    assert found.area == pytest.approx(1 / 4 + 1 / 4 * 2 / 3)
    assert found.recall_at(1.0) == found.recall_at(0.99) == pytest.approx(1 / 4)
    assert found.recall_at(0.6) == pytest.approx(2 / 4)


def test_equal_confidences_are_one_threshold() -> None:
    """Predictions that are equally sure cannot be separated by a threshold."""
    found = precision_recall(truth(0, 1, 2), predictions((0, 0.5), (9, 0.5), (2, 0.5)))
    assert found.thresholds.tolist() == [0.5]
    assert found.recall_at(0.99) == 0.0
    assert found.area == pytest.approx(2 / 3 * 2 / 3)


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize(
    ('known', 'given'),
    [
        (truth(0, 1), predictions((5, 0.5), (5, 0.7))),
        (truth(0), predictions((NO_PLACE, 0.0))),
        (truth(NO_PLACE), predictions((3, 0.5))),
        (truth(UNKNOWN), predictions((3, 0.5))),
    ],
    ids=['all wrong', 'none answered', 'no true place', 'truth unknown'],
)
def test_without_correct_predictions(known: GroundTruth, given: Predictions) -> None:
    """The curve is zero or empty, without a warning of a division."""
    found = precision_recall(known, given)
    assert found.area == found.recall_at(0.99) == 0.0
    assert len(found.thresholds) == len(found.precision) == len(found.recall)


def test_queries_with_unknown_truth_are_excluded() -> None:
    """A query without a known truth changes no figure."""
    known = GroundTruth(
        np.arange(6), np.append(KNOWN.first, UNKNOWN), np.append(KNOWN.last, UNKNOWN)
    )
    given = predictions((0, 0.9), (7, 0.7), (2, 0.6), (3, 0.3), (NO_PLACE, 0.0), (1, 1.0))
    for one, other in zip(
        precision_recall(known, given).__dict__.values(),
        precision_recall(KNOWN, GIVEN).__dict__.values(),
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(reliability(known, given), reliability(KNOWN, GIVEN))
    assert at_threshold(known, given, 0.5) == at_threshold(KNOWN, GIVEN, 0.5)


def test_a_threshold_by_hand() -> None:
    """At 0.6 three of five are answered, two of them correct."""
    point = at_threshold(KNOWN, GIVEN, 0.6)
    assert point == pytest.approx((0.6, 2 / 3, 2 / 4, 3 / 5))
    assert math.isnan(at_threshold(KNOWN, GIVEN, 0.95).precision)


def test_the_curve_is_what_its_thresholds_give() -> None:
    """Each point of the curve is the figure at its threshold, counted directly."""
    rng = np.random.default_rng(0)
    known = truth(*rng.integers(-1, 5, 80).tolist())
    given = predictions(*zip(rng.integers(-1, 5, 80).tolist(), rng.integers(0, 9, 80) / 8))
    found = precision_recall(known, given)
    for threshold, precision, recall in zip(found.thresholds, found.precision, found.recall):
        point = at_threshold(known, given, threshold)
        assert (point.precision, point.recall) == pytest.approx((precision, recall))


def test_the_threshold_that_keeps_correct_predictions() -> None:
    """Of 20 correct predictions the 19th surest keeps 95 %; wrong ones do not count."""
    known = truth(*[0] * 21)
    given = predictions(*((0, (number + 1) / 20) for number in range(20)), (5, 0.01))
    assert threshold_keeping(known, given, 0.95) == pytest.approx(2 / 20)
    assert threshold_keeping(known, given, 1.0) == pytest.approx(1 / 20)
    assert math.isnan(threshold_keeping(truth(1), predictions((5, 0.5)), 0.95))


def test_rejection_by_hand() -> None:
    """Predictions below the threshold and unknown places are rejected; one at it is kept."""
    given = predictions((0, 0.2), (1, 0.5), (2, 0.9), (NO_PLACE, 0.0))
    assert rejected(given, 0.5) == 2 / 4
    assert rejected(given, 0.0) == 1 / 4
    assert math.isnan(rejected(given, float('nan')))


def test_reliability_by_hand() -> None:
    """Bins are open at their lower end; the error weighs them by their number."""
    known = truth(0, 0, 0, 0, NO_PLACE)
    given = predictions((0, 0.3), (1, 0.3), (0, 1.0), (0, 0.96), (0, 0.0))
    bins = reliability(known, given)
    assert [entry.matches for entry in bins] == [1, 0, 2, 0, 0, 0, 0, 0, 0, 2]
    assert (bins[2].low, bins[2].high) == (0.2, pytest.approx(0.3))
    assert (bins[2].confidence, bins[2].correct) == pytest.approx((0.3, 0.5))
    assert (bins[9].confidence, bins[9].correct) == pytest.approx((0.98, 1.0))
    assert calibration_error(bins) == pytest.approx((0 + 2 * 0.2 + 2 * 0.02) / 5)


def test_calibrated_confidences() -> None:
    """Calibrated confidences have hardly any error; overconfident ones have."""
    rng = np.random.default_rng(0)
    confidence = rng.random(20_000)
    correct = rng.random(20_000) < confidence
    given = predictions(*zip(np.where(correct, 0, 1).tolist(), confidence))
    known = truth(*[0] * 20_000)
    assert calibration_error(reliability(known, given)) < 0.02
    overconfident = Predictions(given.places, np.ones(20_000), given.ranks)
    assert calibration_error(reliability(known, overconfident)) == pytest.approx(0.5, abs=0.02)
    assert math.isnan(
        calibration_error(
            reliability(known, Predictions(np.full(20_000, NO_PLACE), confidence, given.ranks))
        )
    )


def test_ranks() -> None:
    """The rank is that of the best correct place; of equal scores the lower place is first."""
    scores = np.array([0.5, 0.9, 0.5, 0.1, 0.9], np.float32)
    assert [rank(scores, np.array([place]), 1) for place in range(5)] == [3, 1, 4, 5, 2]
    # The place decided for is before all others.
    assert [rank(scores, np.array([place]), 2) for place in range(5)] == [4, 2, 1, 5, 3]
    assert [rank(scores, np.array([place]), 4) for place in range(5)] == [3, 2, 4, 5, 1]
    assert rank(scores, np.array([0, 3]), 1) == 3
    assert rank(scores, np.array([0, 3]), 3) == 1
    assert rank(scores, np.empty(0, np.intp), 1) == 0
    assert rank(np.full(3, np.nan, np.float32), np.array([1]), 0) == 0


def test_recorded_and_listed_predictions_agree() -> None:
    """Predictions recorded row by row give the recall of full rankings."""
    rng = np.random.default_rng(1)
    known = truth(*rng.integers(-1, 30, 50).tolist())
    scores = rng.integers(0, 12, (50, 30)).astype(np.float32)
    order = np.argsort(-scores, axis=1, kind='stable')
    recorder = PredictionRecorder(known)
    for number, row in enumerate(scores):
        recorder.add(number, int(order[number, 0]), 1.0, row)
    listed = from_lists(known, order.tolist(), [1.0] * 50, 0)
    np.testing.assert_array_equal(recorder.predictions().ranks, listed.ranks)
    np.testing.assert_array_equal(recorder.predictions().places, listed.places)
    five = from_lists(known, order[:, :5].tolist(), [1.0] * 50, 5)
    assert recall_of(known, five, 5) == recall_of(known, listed, 5)
    assert math.isnan(recall_of(known, five, 10))


def test_examples() -> None:
    """The surest correct, the worst ranked and the surest wrong predictions, in this order."""
    known = truth(0, 1, 2, 3, NO_PLACE)
    given = Predictions(
        np.array([0, 1, 9, 9, 9]), np.array([0.5, 0.8, 0.7, 0.6, 0.9]), np.array([1, 1, 3, 8, 0])
    )
    assert [(entry.kind, entry.query) for entry in examples(known, given)] == [
        ('best', 1),
        ('best', 0),
        ('worst', 3),
        ('worst', 2),
        ('most confidently wrong', 4),
        ('most confidently wrong', 2),
        ('most confidently wrong', 3),
    ]
    assert [entry.true for entry in examples(known, given)][-3:] == [NO_PLACE, 2, 3]


def test_precision_and_recall_are_those_of_the_vprtempo_package() -> None:
    """
    On random similarities the curve is that of upstream's createPR.

    Upstream divides by the queries whose best match is correct, we by those with a true place.
    """
    metrics = pytest.importorskip('vprtempo.src.metrics')
    rng = np.random.default_rng(2)
    similarity = rng.random((60, 40))
    correct = rng.integers(0, 40, 60)
    similarity[np.arange(60), correct] += rng.random(60)
    hard = np.zeros((40, 60), int)
    hard[correct, np.arange(60)] = 1
    known = truth(*correct.tolist())
    given = predictions(*zip(similarity.argmax(axis=1).tolist(), similarity.max(axis=1)))
    share = float(known.are_correct(given.places).mean())
    assert 0.2 < share < 0.8

    precision, recall = metrics.createPR(similarity.T, hard, matching='single')
    thresholds = np.linspace(similarity.max(axis=1).max(), similarity.max(axis=1).min(), 100)
    # Upstream puts (precision 1, recall 0) before the first threshold.
    for threshold, theirs in zip(thresholds, list(zip(precision, recall))[1:]):
        point = at_threshold(known, given, threshold)
        assert (point.precision, point.recall / share) == pytest.approx(theirs)
    assert precision_recall(known, given).recall_at(1.0) / share == pytest.approx(
        metrics.recallAt100precision(similarity.T, hard, matching='single', n_thresh=20_000)
    )
