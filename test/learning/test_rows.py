"""Weights of new places, one after another, against the equations solved with all samples."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.learning.basis import Basis
from vprtempo_ros.learning.rows import Rows
from vprtempo_ros.network.layers import AMPLITUDE
from vprtempo_ros.network.neighbours import unit
from vprtempo_ros.network.ridge import TARGET, without_mean

INPUTS, SCALE, SHARE = 150, 2.0, 0.5


def test_places_one_by_one() -> None:
    """The last places have the weights of all samples; half of the inverse is enough for that."""
    rng = np.random.default_rng(0)
    known = rng.integers(0, 256, (400, INPUTS), np.uint8) * AMPLITUDE
    mean = known.mean(axis=0, dtype=np.float64)
    power = (known - mean).T @ (known - mean)
    power[np.diag_indices(INPUTS)] += 0.3 * np.trace(power) / INPUTS
    targets = np.array([1.0, 0.25], np.float32)
    nothing = np.zeros((0, INPUTS), np.uint8), np.zeros(0, np.int64)
    inverse = np.linalg.inv(power).astype(np.float32)
    basis = Basis(mean.astype(np.float32), inverse, targets, SCALE, SHARE, *nothing)
    rows, sums, frames = Rows(basis), [], []
    for number in range(12):
        samples = rng.integers(0, 256, (15, INPUTS), np.uint8)
        found = rows.add(samples)
        centred = samples * np.float64(AMPLITUDE) - mean
        power += centred.T @ centred
        sums.append(centred.sum(axis=0))
        frames.append(unit(samples[:1])[0])
        expected = spread_to_neighbours(np.linalg.solve(power, np.stack(sums).T).T, targets)
        expected = without_mean(expected * TARGET * SCALE, mean)
        expected += SHARE * spread_to_neighbours(np.stack(frames), targets)
        last = expected[-len(found) :]
        assert len(found) == min(number + 1, 2)
        np.testing.assert_allclose(found, last, atol=1e-5 * np.abs(last).max())
    # Of places that change, the same.
    samples = rng.integers(0, 256, (15, INPUTS), np.uint8)
    centred = samples * np.float64(AMPLITUDE) - mean
    power += centred.T @ centred
    expected = np.linalg.solve(power, centred.sum(axis=0)) * TARGET * SCALE
    expected = without_mean(expected[np.newaxis], mean)[0]
    np.testing.assert_allclose(rows.change(samples), expected, atol=1e-5 * np.abs(expected).max())


def spread_to_neighbours(
    solved: NDArray[np.float64], targets: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return what each place and its neighbours have together."""
    found = targets[0] * solved
    found[1:] += targets[1] * solved[:-1]
    found[:-1] += targets[1] * solved[1:]
    return found


_CODE = """
import numpy
from threadpoolctl import threadpool_info, threadpool_limits
from vprtempo_ros.support.blas import BlasThreads

def threads():
    return [each['num_threads'] for each in threadpool_info() if each['user_api'] == 'blas']

threadpool_limits(2)
limit = BlasThreads(1)
import scipy.linalg.blas
BlasThreads.hold()
print(set(threads()))
limit.restore()
print(threads()[0])
BlasThreads.hold()
print(threads()[0])
"""


def test_a_library_that_is_loaded_later_is_limited_too() -> None:
    done = subprocess.run([sys.executable, '-c', _CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['{1}', '2', '2']
