"""Sums of spikes are exact integers, for any numbers of samples and inputs."""

from __future__ import annotations

import numpy as np
import pytest

from vprtempo_ros.network.spike_sums import SpikeSums, _even, sums_of


@pytest.mark.parametrize(('samples', 'inputs'), [(1, 1), (1023, 30), (1500, 385), (3, 800)])
def test_products_are_exact(samples: int, inputs: int) -> None:
    """The largest sums too, and subtracting what was added leaves nothing."""
    rng = np.random.default_rng(samples)
    spikes = rng.integers(0, 256, (samples, inputs)).astype(np.uint8)
    spikes[:, :1], spikes[:, -1:] = 255, 0
    places = np.arange(samples) // 3
    sums = sums_of(spikes, places, places[-1] + 1)
    wide = spikes.astype(np.int64)
    np.testing.assert_array_equal(sums.power, wide.T @ wide)
    np.testing.assert_array_equal(sums.total, wide.sum(axis=0))
    sums.add(spikes, places, -1)
    assert not any(each.any() for each in (sums.power, sums.total, sums.places, sums.shown))


def test_the_order_does_not_matter() -> None:
    """Samples of two drives, added in either order or together."""
    rng = np.random.default_rng(0)
    spikes = rng.integers(0, 256, (700, 50)).astype(np.uint8)
    places = rng.integers(0, 9, 700)
    one, other = SpikeSums.zero(9, 50), SpikeSums.zero(9, 50)
    one.add(spikes, places)
    other.add(spikes[350:], places[350:])
    other.add(spikes[:350], places[:350])
    np.testing.assert_array_equal(one.power, other.power)
    np.testing.assert_array_equal(one.places, other.places)


def test_small_batches_are_joined() -> None:
    """The sums of many small batches are those of one, to the bit; products are of many samples."""
    rng = np.random.default_rng(3)
    spikes = rng.integers(0, 256, (2500, 7), np.uint8)
    places = np.sort(rng.integers(0, 40, len(spikes)))
    cuts = [0, 3, 5, 900, 1900, 1901, 2498, 2500]
    batches = [(spikes[a:b], places[a:b]) for a, b in zip(cuts, cuts[1:])]
    assert [len(part) for part, _ in _even(batches)] == [900, 1001, 599]
    whole = sums_of(spikes, places, 40)
    for threads in (1, 3):
        joined = SpikeSums.zero(40, 7)
        joined.add_all(batches, threads=threads)
        for name in ('count', 'total', 'power', 'places', 'shown'):
            np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
