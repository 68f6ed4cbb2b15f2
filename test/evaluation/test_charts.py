"""Every figure of the report can be drawn of empty, single and constant input."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

from vprtempo_ros.evaluation.charts import (
    confidence_chart,
    precision_recall_chart,
    reliability_chart,
    similarity_chart,
)
from vprtempo_ros.evaluation.heatmap import Heatmap
from vprtempo_ros.evaluation.precision import precision_recall
from vprtempo_ros.evaluation.predictions import Predictions
from vprtempo_ros.evaluation.reliability import calibration_error, reliability
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth


@pytest.mark.long
@pytest.mark.parametrize(
    ('count', 'certainty', 'place', 'true'),
    [
        (1, 0.0, NO_PLACE, NO_PLACE),
        (1, 0.0, 0, NO_PLACE),
        (10, 0.5, NO_PLACE, 0),
        (1, 0.0, 0, 0),
        (10, 0.5, 0, 0),
    ],
)
def test_figures_of_degenerate_results(count: int, certainty: float, place: int, true: int) -> None:
    """No prediction at all, one query, equal confidences, no query with a place: all are drawn."""
    given = Predictions(
        np.full(count, place, np.intp), np.full(count, certainty), np.zeros(count, np.intp)
    )
    range_ = np.full(count, true, np.int64)
    truth = GroundTruth(np.arange(count, dtype=np.int64), range_, range_)
    heatmap = Heatmap(count, 4)
    for _ in range(count):
        heatmap.add(np.zeros(4, np.float32))
    bins = reliability(truth, given)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        curve = precision_recall(truth, given)
        pictures = [
            similarity_chart(heatmap, given, truth, 'title'),
            precision_recall_chart({'a': curve, 'b': curve}, 'a'),
            confidence_chart(truth, given, 0.5),
            reliability_chart(bins, calibration_error(bins)),
        ]
    for picture in pictures:
        assert cv2.imdecode(np.frombuffer(picture, np.uint8), 0) is not None
