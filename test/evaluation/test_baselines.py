"""Template matching, the baseline: small cases by hand, and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from vprtempo_ros.evaluation.baselines import ncc, sad

RNG = np.random.default_rng(0)
QUERIES = RNG.integers(0, 256, (5, 40), np.uint8)
REFERENCES = RNG.integers(0, 256, (7, 40), np.uint8)


def test_sad_by_hand() -> None:
    """Absolute differences are added up without wrapping round, and negated."""
    queries = np.array([[0, 255, 10], [0, 0, 0]], np.uint8)
    references = np.array([[255, 0, 10], [0, 250, 20], [0, 0, 0]], np.uint8)
    np.testing.assert_array_equal(sad(queries, references), [[-510, -15, -265], [-265, -270, 0]])


def test_sad_is_that_of_numpy() -> None:
    """All pairs are as computed one by one."""
    expected = [[-np.abs(q.astype(int) - r.astype(int)).sum() for r in REFERENCES] for q in QUERIES]
    np.testing.assert_array_equal(sad(QUERIES, REFERENCES), expected)


def test_ncc_is_the_correlation_coefficient() -> None:
    """All pairs are as np.corrcoef has them."""
    expected = np.corrcoef(QUERIES, REFERENCES)[:5, 5:]
    np.testing.assert_allclose(ncc(QUERIES, REFERENCES), expected, atol=1e-6)


def test_ncc_by_hand() -> None:
    """The same picture, brighter or not, gives 1; its negative gives -1."""
    row = np.array([[1, 2, 3, 4]], np.uint8)
    assert ncc(row, row * 20 + 7) == pytest.approx(1)
    assert ncc(row, 255 - row) == pytest.approx(-1)


@pytest.mark.filterwarnings('error')
def test_ncc_of_a_picture_without_contrast() -> None:
    """A flat picture is similar to nothing, without a division by zero."""
    flat = np.full((1, 40), 127, np.uint8)
    np.testing.assert_array_equal(ncc(flat, REFERENCES), np.zeros((1, 7)))
    np.testing.assert_array_equal(ncc(QUERIES, flat), np.zeros((5, 1)))


@pytest.mark.parametrize('method', [sad, ncc])
def test_a_picture_is_most_similar_to_itself(method: object) -> None:
    """Each reference finds itself, in single precision."""
    similarity = method(REFERENCES, REFERENCES)
    assert similarity.dtype == np.float32
    assert similarity.argmax(axis=1).tolist() == list(range(7))
