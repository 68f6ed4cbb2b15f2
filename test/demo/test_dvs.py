"""The demo's model of an event camera: thresholds, refractory time, noise; and its recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.demo import event_route
from vprtempo_ros.demo.dvs import DvsModel, EventCamera, Events
from vprtempo_ros.sources.traverse import open_traverse

PLAIN = DvsModel(threshold=0.2, mismatch=0.0, refractory_us=0, noise=0.0, dark=1.0)


def grey(value: float, shape: tuple[int, int] = (4, 5)) -> NDArray[np.uint8]:
    """Return an even frame."""
    return np.full(shape, value, np.uint8)


def shown(
    sensor: DvsModel,
    *values: float,
    step_us: int = 10_000,
    seed: int = 0,
    shape: tuple[int, int] = (4, 5),
) -> Events:
    """Show even frames one after the other; return all events."""
    camera = EventCamera(*shape, seed, sensor)
    parts = [
        camera.show(grey(value, shape), number * step_us) for number, value in enumerate(values)
    ]
    return Events(*(np.concatenate(column) for column in zip(*parts)))


def test_a_ramp_makes_events_by_its_logarithm() -> None:
    """As many as thresholds fit into the change, at the times when the line crosses them."""
    found = shown(PLAIN, 19, 199)
    change = np.log(200 / 20)
    each = int(change / 0.2)
    assert each == 11
    assert len(found.x) == 20 * each
    assert set(found.p.tolist()) == {1}
    times = np.unique(found.t_us)
    expected = 10_000 * 0.2 * np.arange(1, each + 1) / change
    # Each next level is counted from what was seen a microsecond after the last event.
    assert np.abs(times - expected).max() < 30


def test_darker_is_the_other_polarity() -> None:
    """The same number, all of the other kind."""
    up, down = shown(PLAIN, 19, 199), shown(PLAIN, 199, 19)
    assert set(down.p.tolist()) == {0}
    assert abs(len(down.x) - len(up.x)) <= 20


def test_no_change_no_events() -> None:
    """A still scene is dark but for the sensor's noise, and the first frame makes no events."""
    assert len(shown(PLAIN, 100).x) == 0
    assert len(shown(PLAIN, 100, 100, 100).x) == 0
    noisy = shown(DvsModel(noise=10.0), *[100] * 101, shape=(40, 50))
    # 10 a second and pixel, 2000 pixels, 1 s.
    assert 19_000 < len(noisy.x) < 21_000
    assert 0.45 < noisy.p.mean() < 0.55


def test_small_changes_add_up() -> None:
    """What does not reach the threshold is remembered over the frames."""
    values = np.round(20 * 1.02 ** np.arange(60) - 1)
    assert len(shown(PLAIN, *values).x) == pytest.approx(
        20 * int(np.log((values[-1] + 1) / 20) / 0.2), abs=20
    )


def test_refractory_time() -> None:
    """After an event a pixel is blind for a while, and so makes fewer."""
    found = shown(DvsModel(mismatch=0.0, refractory_us=4000, noise=0.0, dark=1.0), 0, 255, 0, 255)
    for place in range(20):
        own = found.t_us[(found.y == place // 5) & (found.x == place % 5)]
        assert len(own) >= 5
        assert np.diff(own).min() >= 4000
    assert len(found.x) < len(shown(PLAIN, 0, 255, 0, 255).x)


def test_thresholds_differ_from_pixel_to_pixel() -> None:
    """And are the same for the same seed."""
    sensor = DvsModel(mismatch=0.3, noise=0.0)
    one, again, other = (shown(sensor, 10, 250, seed=seed, shape=(20, 20)) for seed in (1, 1, 2))
    numbers = np.bincount(one.y.astype(int) * 20 + one.x)
    assert numbers.std() > 0.5
    assert all(np.array_equal(a, b) for a, b in zip(one, again))
    assert not np.array_equal(one.t_us, other.t_us)


def test_events_are_in_order() -> None:
    """Times ascend; of one time rows are read from the top, each from the left."""
    rng = np.random.default_rng(0)
    camera = EventCamera(30, 40, 0)
    for number in range(20):
        found = camera.show(rng.integers(0, 255, (30, 40)).astype(np.uint8), number * 10_000)
        if number:
            assert (np.diff(found.t_us) >= 0).all()
            assert found.t_us.min() >= (number - 1) * 10_000
            assert found.t_us.max() < number * 10_000
            same = np.diff(found.t_us) == 0
            assert (np.diff(found.y.astype(int))[same] >= 0).all()


@pytest.mark.long
def test_recordings_of_the_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events and odometry of a short drive: whole windows with poses all along the way."""
    # Rendering takes most of the time, and the demo's own test renders all frames.
    monkeypatch.setattr(event_route, '_FRAMES', 20)
    recordings = event_route.record_events(tmp_path, 20.0, 10.0)
    traverse, _ = open_traverse(
        str(recordings.reference), BagInputConfig(type='events'), PosesConfig()
    )
    frames = list(traverse)
    assert not traverse.skipped
    assert traverse.sensor == (320, 240)
    assert len(frames) >= 36
    assert all(frame.pose for frame in frames)
    first, last = frames[0].pose, frames[-1].pose
    assert first
    assert last
    assert first.distance(last) > 15.0
    # The sensor's clock of 24 bits ran over on the way, or would have on a longer one.
    assert all(frame.image.pixels.sum() > 1000 for frame in frames)
