"""The picture of a similarity matrix is a picture, whatever is drawn into it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vprtempo_ros.evaluation.picture import draw_similarity
from vprtempo_ros.evaluation.truth import GroundTruth

pytest.importorskip('matplotlib')


def colours(file: Path) -> tuple[bool, bool]:
    """Return whether the picture has green dots (right) and red ones (wrong) in its middle."""
    image = cv2.imread(str(file)).astype(int)
    # The legend is in the upper left; the matches below are drawn to the right of it.
    blue, green, red = np.moveaxis(image[:, image.shape[1] // 2:], -1, 0)
    return (bool(((green > red + 60) & (green > blue + 60)).any()),
            bool(((red > green + 80) & (red > blue + 80)).any()))


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize(('answers', 'expected'), [
    ([[0], [1], [2], [3]], (True, False)), ([[0], [1], [0], [0]], (False, True)),
    ([[0], [1], [2], [0]], (True, True)), ([[], [], [], []], (False, False)),
])
def test_right_and_wrong_matches_are_told_apart(
    tmp_path: Path, answers: list[list[int]], expected: tuple[bool, bool],
) -> None:
    """Right matches are green, wrong ones red, frames without an answer nothing."""
    truth = GroundTruth(np.arange(4), np.arange(4), np.arange(4))
    draw_similarity(np.eye(4, 4, dtype=np.float32), answers, truth, 'test', tmp_path / 'it.png')
    assert colours(tmp_path / 'it.png') == expected


@pytest.mark.filterwarnings('error')
def test_flat_rows_and_unknown_places(tmp_path: Path) -> None:
    """A row without contrast and a query without a place are drawn as well."""
    truth = GroundTruth(np.arange(3), np.array([-1, 0, -1]), np.array([-1, 1, -1]))
    draw_similarity(np.zeros((3, 5), np.float32), [[1], [], [2]], truth, 'x', tmp_path / 'it.png')
    assert cv2.imread(str(tmp_path / 'it.png')) is not None
