"""The plot of a similarity matrix: matches, truth, and bounded size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.evaluation.charts import similarity_chart
from vprtempo_ros.evaluation.heatmap import LIMIT, Heatmap
from vprtempo_ros.evaluation.predictions import from_lists
from vprtempo_ros.evaluation.truth import NO_PLACE, UNKNOWN, GroundTruth

pytest.importorskip('matplotlib')


def drawn(
    similarity: NDArray[np.float32], predictions: list[list[int]], truth: GroundTruth
) -> NDArray[np.int64]:
    """Return the picture, BGR."""
    heatmap = Heatmap(*similarity.shape)
    for row in similarity:
        heatmap.add(row)
    data = similarity_chart(
        heatmap, from_lists(truth, predictions, [1.0] * len(predictions), 0), truth, 'test'
    )
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(int)


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize(
    ('predictions', 'expected'),
    [
        ([[0], [1], [2], [3]], (True, False)),
        ([[0], [1], [0], [0]], (False, True)),
        ([[0], [1], [2], [0]], (True, True)),
        ([[], [], [], []], (False, False)),
    ],
)
def test_correct_and_wrong_matches_differ(
    predictions: list[list[int]], expected: tuple[bool, bool]
) -> None:
    """Correct matches are green, wrong ones red; frames without a match have no dot."""
    truth = GroundTruth(np.arange(4), np.arange(4), np.arange(4))
    image = drawn(np.eye(4, 4, dtype=np.float32), predictions, truth)
    # The legend is in the upper left; the matches below are drawn to the right of it.
    blue, green, red = np.moveaxis(image[:, image.shape[1] // 2 :], -1, 0)
    assert (
        bool(((green > red + 60) & (green > blue + 60)).any()),
        bool(((red > green + 80) & (red > blue + 80)).any()),
    ) == expected


@pytest.mark.filterwarnings('error')
def test_flat_rows_and_unknown_places() -> None:
    """A row without contrast, a query without a place and one without a truth are drawn too."""
    truth = GroundTruth(
        np.arange(3), np.array([NO_PLACE, 0, UNKNOWN]), np.array([NO_PLACE, 1, UNKNOWN])
    )
    assert min(drawn(np.zeros((3, 5), np.float32), [[1], [], [2]], truth).shape[:2]) > 500


def test_a_small_matrix_is_kept_as_it_is() -> None:
    """Each row is stretched to 0 to 1 by itself; what is not finite stays black."""
    heatmap = Heatmap(3, 4)
    for row in ([1, 2, 3, 5], [-8, -8, -8, -8], [np.nan, 1, 2, 3]):
        heatmap.add(np.array(row, np.float32))
    np.testing.assert_allclose(heatmap.pixels(), [[0, 0.25, 0.5, 1], [0] * 4, [0] * 4])


def test_a_large_matrix_keeps_its_peaks() -> None:
    """A single good match among thousands is seen at its position, in bounded memory."""
    queries, places = 2 * LIMIT + 7, 3 * LIMIT + 1
    heatmap = Heatmap(queries, places)
    peaks = np.random.default_rng(0).integers(0, places, queries)
    for peak in peaks:
        row = np.zeros(places, np.float32)
        row[peak] = 1
        heatmap.add(row)
    pixels = heatmap.pixels()
    assert pixels.shape == (LIMIT, LIMIT)
    for query, peak in enumerate(peaks.tolist()):
        columns = np.flatnonzero(pixels[query * LIMIT // queries])
        # Where the place's pixel begins and where the next one does.
        assert any(
            column * places // LIMIT <= peak < (column + 1) * places // LIMIT
            for column in columns.tolist()
        )
    assert (pixels > 0).sum() <= queries
