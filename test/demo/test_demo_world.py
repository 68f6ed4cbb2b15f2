"""The demo street: repeatable, geometrically correct, neither trivial nor impossible to match."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.demo.appearance import Appearance
from vprtempo_ros.demo.camera import Camera
from vprtempo_ros.demo.recordings import render_drive
from vprtempo_ros.demo.route import EPOCH_NS, QUERY, REFERENCE, DriveConditions, RenderedDrive
from vprtempo_ros.demo.street import FRONTS
from vprtempo_ros.demo.world import World
from vprtempo_ros.sources.traverse import open_traverse

pytestmark = pytest.mark.long
SMALL = (120, 160)
# Numbers of frames, to and fro.
ORDERS = (100, 3), (3, 100)


@pytest.fixture(scope='module')
def world() -> World:
    """Give the street that `make demo` drives."""
    return World()


@pytest.fixture(scope='module')
def reference(world: World) -> RenderedDrive:
    """Give the reference traverse in small pictures."""
    return RenderedDrive(world, REFERENCE, size=SMALL)


@pytest.fixture(scope='module')
def query(world: World) -> RenderedDrive:
    """Give the query traverse in small pictures."""
    return RenderedDrive(world, QUERY, size=SMALL)


def still(appearance: Appearance) -> Appearance:
    """Return the appearance as a sensor without noise would see it."""
    return replace(appearance, noise=0.0)


def normalised(image: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return 28x28 patch-normalised pixels, as a baseline of the field would make them."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) / 255.0
    grey = 255.0 * grey ** (np.log(0.5) / np.log(grey.mean()))
    small = cv2.resize(grey, (28, 28), interpolation=cv2.INTER_LINEAR)
    mean = cv2.blur(small, (7, 7))
    deviation = np.sqrt(np.maximum(cv2.blur(small * small, (7, 7)) - mean * mean, 1e-6))
    patches = np.clip((small - mean) / deviation, -1.0, 1.0)
    return np.asarray(np.round(127.5 * (patches + 1.0)), np.int32).ravel()


def test_same_seed_same_frames_in_any_order() -> None:
    drives = [RenderedDrive(World(length=60.0), REFERENCE, size=SMALL) for _ in range(2)]
    there, back = ([drive[index] for index in order] for drive, order in zip(drives, ORDERS))
    for first, second in zip(there, reversed(back), strict=True):
        assert np.array_equal(first.image, second.image)
        assert (first.stamp_ns, first.x, first.y) == (second.stamp_ns, second.x, second.y)


def test_another_seed_is_another_street(world: World) -> None:
    ends = [w.centre_line.at(60.0) for w in (world, World(1, length=60.0))]
    assert np.linalg.norm(ends[0] - ends[1]) > 1.0


def test_frames_have_the_promised_form(world: World) -> None:
    drive = RenderedDrive(world, REFERENCE)
    frame = drive[7]
    assert len(drive) == 400
    assert frame.image.shape == (480, 640, 3)
    assert frame.image.dtype == np.uint8
    assert all(type(v) is float for v in (frame.x, frame.y, frame.yaw, frame.distance))
    assert type(frame.stamp_ns) is int
    assert drive[0].stamp_ns == EPOCH_NS
    assert drive[-1].distance == pytest.approx(200.0)
    with pytest.raises(IndexError):
        drive[400]
    assert [f.stamp_ns for f in drive[5:7]] == [drive[5].stamp_ns, drive[6].stamp_ns]


def test_frames_advance_at_about_ten_hertz_and_half_a_metre(query: RenderedDrive) -> None:
    gaps = np.diff(query.stamps_ns) / 1e9
    steps = np.diff(query.distances)
    assert gaps.min() > 0.08 and gaps.max() < 0.12
    assert steps.min() > 0.2 and steps.max() < 0.9
    assert steps.mean() == pytest.approx(0.5, abs=0.01)


def test_the_camera_moves_where_it_looks(world: World, reference: RenderedDrive) -> None:
    steps = np.diff(reference.positions, axis=0)
    direction = np.arctan2(steps[:, 1], steps[:, 0])
    off = np.angle(np.exp(1j * (direction - reference.yaws[:-1])))
    assert np.abs(off).max() < 0.1
    assert np.ptp(reference.yaws) > 1.0  # it is a street with bends
    nearest = world.centre_line.at(reference.distances)
    assert np.linalg.norm(reference.positions - nearest, axis=1).max() < 0.5


def test_distance_is_arc_length(world: World) -> None:
    along = np.arange(0.0, 200.0, 0.1)
    steps = np.linalg.norm(np.diff(world.centre_line.at(along), axis=0), axis=1)
    assert steps == pytest.approx(0.1, rel=2e-3)


def test_the_query_is_driven_next_to_the_reference(world: World, query: RenderedDrive) -> None:
    heading = world.centre_line.heading(query.distances)
    left = np.stack([-np.sin(heading), np.cos(heading)], axis=1)
    offset = ((query.positions - world.centre_line.at(query.distances)) * left).sum(axis=1)
    assert 0.2 < offset.mean() < 0.6
    assert np.abs(offset).max() < 1.2  # inside the lane


def test_no_house_stands_on_the_street(world: World) -> None:
    corners = np.array([wall.start for wall in world.walls(0.0)])
    gaps = np.linalg.norm(corners[:, None] - world.centre_line.points, axis=2)
    assert gaps.min() > FRONTS - 1.0


def test_same_pose_and_light_differ_by_noise_alone(world: World) -> None:
    camera = Camera(world, REFERENCE.appearance, SMALL)
    first, second = (camera.render(20.0, 0.0, 0.1, np.random.default_rng(s)) for s in (1, 2))
    inside = (first > 20) & (first < 235)
    difference = (first.astype(int) - second)[inside]
    assert difference.std() == pytest.approx(2.0 * 2**0.5, rel=0.1)
    assert abs(difference.mean()) < 0.1
    clean = Camera(world, still(REFERENCE.appearance), SMALL)
    first, second = (clean.render(20.0, 0.0, 0.1, np.random.default_rng(s)) for s in (1, 2))
    assert np.array_equal(first, second)


def test_a_point_of_the_world_is_where_the_camera_projects_it(world: World) -> None:
    """Turning left by one column's angle moves the middle of the picture one column right."""
    camera = Camera(world, still(REFERENCE.appearance))
    rng = np.random.default_rng(0)
    focal = 320 / np.tan(Camera.FIELD / 2)
    ahead = camera.render(20.0, 0.0, 0.0, rng).astype(float)
    turned = camera.render(20.0, 0.0, 8 / focal, rng).astype(float)
    middle, moved = ahead[150:330, 300:340], turned[150:330, 260:380]
    errors = [np.abs(moved[:, s : s + 40] - middle).mean() for s in range(80)]
    assert int(np.argmin(errors)) == 40 + 8


def test_less_light_is_darker_and_change_leaves_most_as_it_was(world: World) -> None:
    look = still(REFERENCE.appearance)
    pose, rng = (20.0, 0.0, 0.0), np.random.default_rng(0)
    base = Camera(world, look, SMALL).render(*pose, rng)
    assert Camera(world, replace(look, gain=0.5), SMALL).render(*pose, rng).mean() < base.mean()
    before, after = ({w.patch for w in world.walls(c)} for c in (0.0, 1.0))
    assert before != after
    walls = list(zip(world.walls(0.0), world.walls(0.15), strict=True))
    share = np.mean([original != changed for original, changed in walls])
    assert 0.05 < share < 0.3


@pytest.mark.parametrize('wrong', [{'changed': 1.5}, {'gain': 0.0}, {'noise': -1.0}])
def test_impossible_appearances_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Appearance(**wrong)


def test_a_short_street_and_another_image_size() -> None:
    drive = RenderedDrive(
        World(5, length=20.0), QUERY, frame_distance=1.0, rate=5.0, size=(97, 211)
    )
    assert [frame.image.shape for frame in drive] == [(97, 211, 3)] * 20


def test_a_recorded_drive(tmp_path: Path) -> None:
    """The bag has the frames with the poses of the odometry."""
    drive = RenderedDrive(World(length=20.0), REFERENCE, frame_distance=5.0, size=(48, 64))
    render_drive(drive, tmp_path / 'bag')
    traverse, _ = open_traverse(str(tmp_path / 'bag'), BagInputConfig(), PosesConfig())
    frames = list(traverse)
    assert len(frames) == len(drive) == 4
    for frame, shown in zip(frames, drive, strict=True):
        np.testing.assert_array_equal(frame.image.pixels, shown.image)
        assert frame.pose
        assert (frame.stamp_ns, *frame.pose.position) == (shown.stamp_ns, shown.x, shown.y, 0.0)
        assert frame.pose.orientation[2] == pytest.approx(np.sin(shown.yaw / 2))


@pytest.mark.parametrize('rows', [480, 481, 482])
def test_every_pixel_is_painted(world: World, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Where houses do not hide the horizon too: nothing is left of what was in memory."""
    drive = RenderedDrive(world, REFERENCE, size=(rows, 640))
    empty = np.empty
    images = []
    for value in (0, 255):

        def painted(shape: Any, dtype: Any = float, value: int = value) -> NDArray[Any]:
            canvas: NDArray[Any] = empty(shape, dtype)
            canvas.fill(value)
            return canvas

        with monkeypatch.context() as patched:
            patched.setattr(np, 'empty', painted)
            images.append(drive[350].image)
    np.testing.assert_array_equal(*images)


def test_impossible_drives_are_refused(world: World) -> None:
    with pytest.raises(ValueError, match='surge'):
        DriveConditions(surge=1.0)
    with pytest.raises(ValueError, match='frame distance'):
        RenderedDrive(world, REFERENCE, frame_distance=0.0)
    with pytest.raises(ValueError, match='20 to 500 m'):
        World(length=5.0)


def test_a_simple_baseline_finds_most_places_but_not_all(
    reference: RenderedDrive, query: RenderedDrive
) -> None:
    spots = np.searchsorted(reference.distances, np.arange(0.0, 200.0, 2.0))
    places = np.array([normalised(reference[int(i)].image) for i in spots])
    chosen = range(0, len(query), 2)
    queries = np.array([normalised(query[i].image) for i in chosen])
    best = np.abs(queries[:, None] - places[None]).sum(axis=2).argmin(axis=1)
    errors = np.abs(reference.distances[spots][best] - query.distances[list(chosen)])
    assert 0.6 < np.mean(errors <= 2.0) < 0.95
    assert errors.max() > 20.0  # some places look alike
