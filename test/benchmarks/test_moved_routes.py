"""Rendered routes: repeatable, with poses, places and days that are what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.moved.building import Building
from benchmarks.moved.day import Changes, Day, Driving, Light, Sensor
from benchmarks.moved.days import DAYS, NIGHT, shifted
from benchmarks.moved.drive import crowd, drive
from benchmarks.moved.park import Park
from benchmarks.moved.route import REFERENCE, Traverse, nearest_places, render
from benchmarks.moved.town import Pavement, Town
from benchmarks.moved.track import Leg, Track
from benchmarks.moved.world import RouteWorld

SMALL = (60, 80)


@pytest.fixture(scope='module')
def building() -> Building:
    return Building(3)


@pytest.fixture(scope='module')
def reference(building: Building) -> Traverse:
    return render(building, REFERENCE, size=SMALL)


@pytest.fixture(scope='module', params=[Building, Park, Town, Pavement])
def world(request: pytest.FixtureRequest) -> RouteWorld:
    made: RouteWorld = request.param(2, length=120.0)
    return made


def straight(length: float = 100.0, room: float = 3.0) -> Track:
    return Track(np.array([[0.0, 0.0], [length, 0.0]]), room)


@pytest.mark.long
def test_same_seeds_same_frames(building: Building, reference: Traverse) -> None:
    busy = next(day for day in DAYS if day.name == 'busy')
    first, again = (render(w, busy, size=SMALL, frames=slice(20)) for w in (building, Building(3)))
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.poses, again.poses)
    assert np.array_equal(first.stamps, again.stamps)
    other = render(Building(4), busy, size=SMALL, frames=slice(20))
    assert not np.array_equal(first.images, other.images)


@pytest.mark.long
def test_frames_have_the_promised_form(world: RouteWorld) -> None:
    seen = render(world, REFERENCE, size=SMALL, frames=slice(30))
    assert seen.images.shape == (30, *SMALL)
    assert seen.images.dtype == np.uint8
    assert seen.poses.shape == seen.line.shape == (30, 3)
    assert (np.diff(seen.stamps) > 0).all() and seen.stamps[0] == 0.0
    assert np.median(np.diff(seen.stamps)) == pytest.approx(world.spacing / world.pace, rel=0.05)
    steps = np.linalg.norm(np.diff(seen.line[:, :2], axis=0), axis=1)
    assert steps.mean() == pytest.approx(world.spacing, rel=0.2)
    spread = seen.images.reshape(30, -1).std(axis=1)
    assert 60 < seen.images.mean() < 180 and np.median(spread) > 15


def test_a_shift_is_to_the_left_of_where_the_way_goes() -> None:
    legs = [Leg(straight(), 0.0, 90.0)]
    poses = drive(legs, Day('x', driving=Driving(shift=1.5, drift=0.0)), 1.0, 0.5)
    assert poses.camera[:, 1] == pytest.approx(1.5)
    assert poses.line[:, 1] == pytest.approx(0.0)
    turned = drive(legs, Day('x', driving=Driving(yaw=10.0, wobble=0.0)), 1.0, 0.5)
    assert np.degrees(turned.camera[:, 2]) == pytest.approx(10.0)
    assert turned.line[:, 2] == pytest.approx(0.0)


def test_narrow_ways_keep_the_camera_off_their_walls() -> None:
    poses = drive(
        [Leg(straight(room=0.7), 0.0, 90.0)], Day('x', driving=Driving(shift=2.0)), 1.0, 0.5
    )
    assert poses.camera[:, 1].max() == pytest.approx(0.7)


def test_speed_and_stops() -> None:
    legs = [Leg(straight(), 0.0, 90.0)]
    slow = drive(legs, Day('x', driving=Driving(speed=0.5, surge=0.0)), 1.0, 0.5)
    assert np.diff(slow.line[:, 0]) == pytest.approx(0.5)
    standing = drive(legs, Day('x', driving=Driving(surge=0.0, stops=3, stop_frames=7)), 1.0, 0.5)
    assert (np.diff(standing.line[:, 0]) == 0.0).sum() == 21
    still = np.flatnonzero(np.diff(standing.line[:, 0]) == 0.0)
    assert np.array_equal(standing.camera[still], standing.camera[still + 1])


@pytest.mark.parametrize(
    ('kind', 'wrong', 'message'),
    [
        (Driving, {'speed': 0.0}, 'speed must be positive'),
        (Driving, {'surge': 1.0}, 'surge'),
        (Light, {'lamps': 1.2}, 'lamps is a share'),
        (Light, {'visibility': 0.0}, 'visibility'),
        (Changes, {'crowd': -0.1}, 'crowd is a share'),
        (Changes, {'changed': np.nan}, 'changed'),
    ],
)
def test_a_day_that_cannot_be_is_refused(kind: type, wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**wrong)


@pytest.mark.long
def test_places_are_the_nearest_along_the_way(building: Building, reference: Traverse) -> None:
    assert np.array_equal(nearest_places(reference, reference), np.arange(len(reference.line)))
    query = render(building, shifted(1.0), size=SMALL)
    place = nearest_places(query, reference)
    assert (place >= 0).mean() > 0.99
    assert (np.diff(place[place >= 0]) >= 0).all()
    gaps = np.linalg.norm(query.line[:, :2] - reference.line[place][:, :2], axis=1)
    assert gaps[place >= 0].max() < 1.2 * 0.8


@pytest.mark.long
def test_detours_leave_the_map_and_come_back(world: RouteWorld) -> None:
    day = next(day for day in DAYS if day.name == 'detour')
    rng = np.random.default_rng(5)
    track = drive(world.reference(), REFERENCE, world.spacing, 1.0)
    gone = drive(world.legs(day, rng), day, world.spacing, 1.0)
    nothing = np.zeros((1, 1, 1), np.uint8)
    place = nearest_places(
        Traverse(nothing, gone.camera, gone.line, gone.stamps),
        Traverse(nothing, track.camera, track.line, track.stamps),
    )
    assert 0.05 < (place < 0).mean() < 0.7
    assert place.max() > 0.7 * len(track.line)


@pytest.mark.long
def test_a_carried_camera_jumps_as_often_as_it_says(world: RouteWorld) -> None:
    day = next(day for day in DAYS if day.name == 'carried')
    poses = drive(world.legs(day, np.random.default_rng(1)), day, world.spacing, 1.0)
    steps = np.linalg.norm(np.diff(poses.line[:, :2], axis=0), axis=1)
    assert (steps > 4 * world.spacing).sum() == day.carried


@pytest.mark.long
def test_the_route_of_a_building_passes_no_wall(building: Building) -> None:
    scene = building.scene(REFERENCE)
    far = Day('far', driving=Driving(shift=5.0))
    for day in (far, replace(far, driving=Driving(shift=-5.0))):
        line = drive(building.reference(), day, 0.3, 1.0).camera[:, :2]
        solid = [q for q in scene.quads if q.low == 0.0 and q.high > 2.4 and q.facing == 0]
        starts, ends = (np.array([getattr(q, s) for q in solid]) for s in ('start', 'end'))
        assert not _crossings(line, starts, ends)


@pytest.mark.long
def test_what_changed_at_a_little_changed_at_more(world: RouteWorld) -> None:
    textures = []
    for changed in (0.0, 0.1, 0.2):
        scene = world.scene(Day('x', changes=Changes(changed=changed)))
        textures.append({(q.start, q.texture) for q in scene.quads})
    lost = [textures[0] - textures[i] for i in (1, 2)]
    assert lost[0] and lost[0] < lost[1]


@pytest.mark.long
def test_night_is_dark_and_gain_brightens(world: RouteWorld) -> None:
    plain = Sensor(auto=0.0)
    day, night = (
        render(
            world, Day('x', light=light, sensor=plain), size=SMALL, frames=slice(12)
        ).images.mean()
        for light in (Light(), NIGHT)
    )
    assert night < 0.6 * day
    bright = render(
        world, Day('x', sensor=replace(plain, gain=1.3)), size=SMALL, frames=slice(12)
    ).images.mean()
    assert bright > 1.1 * day


@pytest.mark.long
def test_a_crowd_is_in_the_way_for_its_share(world: RouteWorld) -> None:
    day = Day('x', changes=Changes(crowd=0.4))
    poses = drive(world.reference(), day, world.spacing, 1.0)
    seen = crowd(world, day, poses.camera)
    assert sum(bool(quads) for quads in seen) / len(seen) == pytest.approx(0.4, abs=0.25)
    assert not any(crowd(world, REFERENCE, poses.camera))


@pytest.mark.long
def test_winter_changes_the_picture_but_not_the_way(world: RouteWorld) -> None:
    summer, winter = (
        render(world, Day('x', changes=Changes(winter=w)), size=SMALL, frames=slice(8))
        for w in (0.0, 1.0)
    )
    assert np.array_equal(summer.poses, winter.poses)
    assert np.abs(summer.images.astype(int) - winter.images).mean() > 5


@pytest.mark.long
def test_moving_more_looks_more_different(building: Building, reference: Traverse) -> None:
    def difference(metres: float) -> float:
        query = render(building, shifted(metres), size=SMALL, frames=slice(60))
        place = nearest_places(query, reference)
        on = place >= 0
        return float(np.abs(query.images[on].astype(int) - reference.images[place[on]]).mean())

    levels = [difference(metres) for metres in (0.0, 0.5, 1.0)]
    assert levels[0] < levels[1] < levels[2]


def _crossings(line: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> int:
    a, b = line[:-1, None], line[1:, None]

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        return np.sign(
            (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1])
            - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        )

    c, d = starts[None], ends[None]
    return int(((side(a, b, c) != side(a, b, d)) & (side(c, d, a) != side(c, d, b))).sum())
