"""Standardising pixels: what it does, what it follows, and what it must not forget or learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.encoding.adaptation import Adaptation, standardise
from vprtempo_ros.statistics import Statistics, statistics_of

INPUTS = 40
Spikes = NDArray[np.uint8]


def views(count: int, seed: int = 0, light: float = 0.0, contrast: float = 1.0) -> Spikes:
    """Return frames uint8 (count, INPUTS) of a route with pixels that differ in what is typical."""
    rng = np.random.default_rng(7)
    mean, deviation = rng.uniform(60, 120, INPUTS), rng.uniform(10, 40, INPUTS)
    frames = np.random.default_rng(seed).normal(mean, deviation, (count, INPUTS))
    return np.clip(frames * contrast + light, 0, 255).astype(np.uint8)


def recurrence(frames: Spikes, reference: Statistics) -> NDArray[np.int64]:
    """Return what each frame becomes, computed pixel by pixel in double precision."""
    mean = reference.mean.astype(float)
    variance = reference.std.astype(float) ** 2
    count, rows = 50.0, []
    for frame in frames.astype(float):
        count = min(count + 1.0, 300.0)
        before = mean.copy()
        mean = before + (frame - before) / count
        variance = variance * (1 - 1 / count) + (frame - before) * (frame - mean) / count
        units = (frame - mean) / (np.sqrt(variance) + 5.0)
        rows.append(np.clip(np.rint(127.5 + 127.5 * units / 2.0), 0, 255))
    return np.array(rows, int)


def test_usual_is_mean_and_deviation_by_pixel() -> None:
    """By hand: a pixel that stays, one that flips, one that rises."""
    typical = statistics_of(
        np.array([[7, 0, 10], [7, 200, 20], [7, 0, 30], [7, 200, 40]], np.uint8)
    )
    assert typical.mean.tolist() == [7, 100, 25]
    assert typical.std == pytest.approx([0, 100, np.sqrt(125)])
    assert typical.mean.dtype == typical.std.dtype == np.float32


def test_standardising_by_hand() -> None:
    """The mean becomes the middle, two deviations (and the 5 grey levels) the full range."""
    typical = Statistics(np.full(5, 100, np.float32), np.full(5, 20, np.float32))
    values = np.array([100, 110, 125, 200, 0], np.uint8)
    assert standardise(values, typical).tolist() == [128, 153, 191, 255, 0]
    still = Statistics(np.full(5, 100, np.float32), np.zeros(5, np.float32))
    assert standardise(values, still).tolist() == [128, 255, 255, 255, 0]


def test_a_standardised_traverse_is_alike_in_all_pixels() -> None:
    """Pixels that are dark or bright, lively or dull come out with the same mean and deviation."""
    frames = views(2000)
    shown = standardise(frames, statistics_of(frames)).astype(float)
    assert np.ptp(frames.mean(axis=0)) > 40
    assert np.ptp(frames.std(axis=0)) > 20
    assert abs(shown.mean(axis=0) - 127.5).max() < 4
    assert shown.std(axis=0).min() > 35
    assert shown.std(axis=0).max() < 65


def test_frame_by_frame_it_is_the_recurrence() -> None:
    """Over more frames than are remembered, in another light than the reference's."""
    reference, frames = statistics_of(views(100)), views(700, 1, 40)
    adapt = Adaptation(reference)
    found = np.array([adapt(frame) for frame in frames], int)
    expected = recurrence(frames, reference)
    # Singles and doubles may round another way.
    assert abs(found - expected).max() <= 1
    assert (found != expected).mean() < 0.001


def test_at_first_the_reference_counts() -> None:
    """The first frame of a drive is seen nearly as the reference's frames are."""
    reference, frame = statistics_of(views(500)), views(1, 3)[0]
    first = Adaptation(reference)(frame)
    assert abs(first.astype(int) - standardise(frame, reference)).max() <= 8


def test_a_change_of_light_is_followed() -> None:
    """After a while frames in another light and contrast look as they did in the first."""
    reference = statistics_of(views(500))
    adapt = Adaptation(reference)
    noon, evening = views(800, 5), views(800, 5, 70, 0.5)
    wanted = standardise(noon, reference).astype(int)
    found = np.array([adapt(frame) for frame in evening], int)
    off = abs(found - wanted).mean(axis=1)
    unfollowed = abs(standardise(evening, reference).astype(int) - wanted).mean()
    assert off[:5].mean() > 0.5 * unfollowed
    assert off[-300:].mean() < 0.25 * unfollowed


def test_a_robot_that_stands_does_not_wash_out_the_view() -> None:
    """Frames that show the same, but for noise, are counted once, however many they are."""
    reference, frames, noise = statistics_of(views(500)), views(20, 2), np.random.default_rng(0)
    stood, drove = Adaptation(reference), Adaptation(reference)
    for frame in frames[:10]:
        stood(frame), drove(frame)
    stood(frames[10])
    for _ in range(2000):
        stood(np.clip(frames[10] + noise.normal(0, 3, INPUTS), 0, 255).astype(np.uint8))
    drove(frames[10])
    for frame in frames[10:]:
        np.testing.assert_array_equal(stood(frame), drove(frame))


def test_nothing_grows_and_nothing_runs_away() -> None:
    """For any frames, statistics stay finite and in range, and take no more memory."""
    adapt = Adaptation(Statistics(np.zeros(INPUTS, np.float32), np.zeros(INPUTS, np.float32)))
    rng = np.random.default_rng(0)
    kinds = [
        np.zeros(INPUTS),
        np.full(INPUTS, 255),
        rng.integers(0, 256, INPUTS),
        np.arange(INPUTS) % 2 * 255,
    ]
    sizes = set()
    with np.errstate(all='raise', under='ignore'):
        for number in range(5000):
            shown = adapt(kinds[number * number % 7 % 4].astype(np.uint8))
            assert shown.dtype == np.uint8
            assert np.isfinite(adapt._mean).all()
            assert adapt._mean.min() >= 0
            assert adapt._mean.max() <= 255
            assert adapt._variance.min() >= 0
            assert adapt._variance.max() <= 128**2
            sizes.add(
                sum(value.nbytes for value in vars(adapt).values() if isinstance(value, np.ndarray))
            )
    assert len(sizes) == 1


def test_the_caller_keeps_its_arrays() -> None:
    """Neither the frames nor the statistics of the map are changed."""
    reference, frames = statistics_of(views(100)), views(100, 1)
    kept = reference.mean.copy(), reference.std.copy(), frames.copy()
    adapt = Adaptation(reference)
    for frame in frames:
        adapt(frame)
    for one, other in zip((*reference, frames), kept, strict=True):
        np.testing.assert_array_equal(one, other)


def test_reset_forgets_all_frames() -> None:
    """After a reset the same drive gives the same spikes as at first; without one it does not."""
    adapt, frames = Adaptation(statistics_of(views(100))), views(50, 1, 80)
    first = [adapt(frame) for frame in frames]
    second = [adapt(frame) for frame in frames]
    adapt.reset()
    third = [adapt(frame) for frame in frames]
    np.testing.assert_array_equal(first, third)
    assert (np.array(first) != second).mean() > 0.5


@pytest.mark.parametrize('frames', [1, 255, 256, 1000])
def test_statistics_are_those_of_numpy(frames: int) -> None:
    """To the bit, for any number of frames: maps have spikes that were standardised with these."""
    spikes = np.random.default_rng(frames).integers(0, 256, (frames, 50)).astype(np.uint8)
    found = statistics_of(spikes)
    expected = spikes.mean(axis=0, dtype=np.float64), spikes.std(axis=0, dtype=np.float64)
    for one, other in zip(found, expected, strict=True):
        assert one.tobytes() == other.astype(np.float32).tobytes()
