"""The ray caster: landmarks lie where projection says, near things hide far ones."""

from __future__ import annotations

from math import cos, degrees, radians, sin, tan

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.moved.caster import Caster
from benchmarks.moved.library import Shelf
from benchmarks.moved.scene import TURNING, TWO_SIDED, Plane, Quad, Scene
from benchmarks.moved.sensor import Fisheye, rolled

# Compiles the ray caster, which takes half a minute.
pytestmark = pytest.mark.long

SIZE = (120, 160)
FIELD = 1.2
FOCAL = 80 / tan(FIELD / 2)
HEIGHT = 1.0


def scene(
    quads: list[Quad],
    floor: NDArray[np.uint8] | None = None,
    ceiling: NDArray[np.uint8] | None = None,
) -> Scene:
    """Return quads of texture 0 (white) or 1 (black) over a black floor 40 m wide."""
    shelf = Shelf()
    for level in (255, 0):
        shelf.picture(np.full((16, 16), level, np.uint8))
    ground = np.zeros((400, 400), np.uint8) if floor is None else floor
    top = None if ceiling is None else Plane(ceiling, (-20.0, 20.0), 10.0, 3.0)
    return Scene(
        shelf.packed(),
        quads,
        np.ones(len(quads)),
        Plane(ground, (-20.0, 20.0), 10.0),
        top,
        np.zeros((8, 16), np.uint8),
        visibility=1e9,
        haze=0.0,
    )


def pole(x: float, y: float, low: float = 0.0, high: float = 2.0, wide: float = 0.1) -> Quad:
    """Return a white pole that always faces the camera."""
    return Quad((x, y), (x + wide, y), low, high, 0, TURNING)


def centre(image: NDArray[np.float32]) -> tuple[float, float]:
    """Return column and row of the middle of what is bright, in pixels from the top left."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]] + 0.5
    return (float((image * columns).sum() / image.sum()), float((image * rows).sum() / image.sum()))


@pytest.mark.parametrize('left', [-1.5, -0.4, 0.0, 0.8, 2.0])
def test_a_landmark_moves_by_focal_length_times_shift_over_depth(left: float) -> None:
    """Moving to the left moves what is ahead to the right."""
    caster = Caster(scene([pole(6.0, 0.0)]), SIZE, FIELD, HEIGHT)
    column, _ = centre(caster.render(0.0, left, 0.0))
    assert column == pytest.approx(80 + FOCAL * left / 6.0, abs=0.3)


@pytest.mark.parametrize('yaw', [-15.0, -5.0, 0.0, 2.0, 10.0])
def test_a_landmark_moves_by_the_tangent_of_yaw(yaw: float) -> None:
    """Turning left moves the world to the right, near and far alike."""
    for depth in (3.0, 12.0):
        caster = Caster(scene([pole(depth, 0.0)]), SIZE, FIELD, HEIGHT)
        column, _ = centre(caster.render(0.0, 0.0, radians(yaw)))
        assert column == pytest.approx(80 + FOCAL * tan(radians(yaw)), abs=0.3)


def test_rows_follow_height_and_pitch() -> None:
    caster = Caster(scene([pole(5.0, 0.0, 1.4, 1.6)]), SIZE, FIELD, HEIGHT, 0.5)
    _, row = centre(caster.render(0.0, 0.0, 0.0))
    assert row == pytest.approx(60 - FOCAL * 0.5 / 5.0, abs=0.3)
    _, up = centre(caster.render(0.0, 0.0, 0.0, pitch=radians(3)))
    oversampled = FOCAL * tan(radians(3))
    assert up - row == pytest.approx(oversampled, abs=0.3)


@pytest.mark.parametrize('yaw', [0.0, 0.2, -0.3])
def test_walls_and_turning_quads_agree(yaw: float) -> None:
    wall = Quad((5.0, 0.4), (5.0, -0.4), 0.0, 2.0, 0, TWO_SIDED)
    columns = []
    for quad in (wall, pole(5.0, 0.0, wide=0.8)):
        columns.append(centre(Caster(scene([quad]), SIZE, FIELD, HEIGHT).render(0, 0, yaw))[0])
    assert columns[0] == pytest.approx(columns[1], abs=0.6)


def test_a_one_sided_wall_is_seen_from_the_right_of_its_direction_only() -> None:
    wall = Quad((4.0, 1.0), (4.0, -1.0), 0.0, 2.0, 0)  # it runs south, so its right is west
    caster = Caster(scene([wall]), SIZE, FIELD, HEIGHT)
    assert caster.render(0.0, 0.0, 0.0).max() > 200
    assert caster.render(8.0, 0.0, np.pi).max() == 0


def test_the_nearer_hides_the_farther_whatever_their_order() -> None:
    white = Quad((6.0, 1.0), (6.0, -1.0), 0.0, 2.0, 0)
    black = Quad((3.0, 1.0), (3.0, -1.0), 0.0, 2.0, 1)
    for quads in ([white, black], [black, white]):
        image = Caster(scene(quads), SIZE, FIELD, HEIGHT).render(0.0, 0.0, 0.0)
        assert image[:, 70:90].max() == 0.0
    image = Caster(scene([white]), SIZE, FIELD, HEIGHT).render(0.0, 0.0, 0.0, extra=[black])
    assert image[:, 70:90].max() == 0.0


@pytest.mark.parametrize('yaw', [0.0, 0.25])
def test_floor_and_ceiling_lie_where_they_are_painted(yaw: float) -> None:
    x, y = 4.05, 0.75
    dot = np.zeros((400, 400), np.uint8)
    dot[round((20 - y) * 10 - 0.5), round((x + 20) * 10 - 0.5)] = 255
    for floor, ceiling, rise in ((dot, None, -HEIGHT), (None, dot, 3.0 - HEIGHT)):
        caster = Caster(scene([], floor, ceiling), SIZE, FIELD, HEIGHT)
        column, row = centre(caster.render(0.0, 0.0, yaw))
        ahead, right = x * cos(yaw) + y * sin(yaw), x * sin(yaw) - y * cos(yaw)
        assert column == pytest.approx(80 + FOCAL * right / ahead, abs=1.0)
        assert row == pytest.approx(60 - FOCAL * rise / ahead, abs=1.0)


def test_the_floor_mirrors_lamps_below_the_horizon() -> None:
    dot = np.zeros((400, 400), np.uint8)
    dot[195:205, 315:325] = 255  # 12 m ahead
    world = scene([], None, dot)
    shiny = Scene(
        world.library, [], world.gains, world.floor, world.ceiling, world.sky, 1e9, 0.0, shine=0.5
    )
    image = Caster(shiny, SIZE, FIELD, HEIGHT).render(0.0, 0.0, 0.0)
    _, row = centre(image[60:])
    assert row == pytest.approx(FOCAL * (HEIGHT + 3.0) / 12.0, abs=1.5)


def test_light_and_haze_scale_what_is_seen() -> None:
    wall = Quad((5.0, 3.0), (5.0, -3.0), 0.0, 4.0, 0)
    base = scene([wall])
    dim = Scene(base.library, [wall], np.array([0.5]), base.floor, None, base.sky, 1e9, 0.0)
    assert Caster(dim, SIZE, FIELD, HEIGHT).render(0, 0, 0)[40, 80] == pytest.approx(127.5)
    foggy = Scene(base.library, [wall], np.array([1.0]), base.floor, None, base.sky, 5.0, 100.0)
    seen = Caster(foggy, SIZE, FIELD, HEIGHT).render(0, 0, 0)[40, 80]
    assert seen == pytest.approx(255 * np.exp(-1) + 100 * (1 - np.exp(-1)), abs=0.5)


def test_a_fisheye_puts_angles_at_equal_distances() -> None:
    field, pinhole = 2.0, 2.0
    bend = Fisheye(SIZE, field, pinhole)
    for angle in (10.0, 25.0, 40.0):
        caster = Caster(scene([pole(5.0, 0.0, 0.9, 1.1, 0.2)]), SIZE, pinhole, HEIGHT)
        column, _ = centre(bend(caster.render(0.0, 0.0, radians(angle))))
        assert degrees((column - 80) * field / 160) == pytest.approx(angle, abs=0.6)


def test_rolling_clockwise_turns_the_picture_anticlockwise() -> None:
    image = np.zeros(SIZE, np.float32)
    image[58:62, 140:144] = 255
    column, row = centre(rolled(image, radians(5)))
    assert row == pytest.approx(60 - 62 * sin(radians(5)), abs=0.5)
    assert column == pytest.approx(80 + 62 * cos(radians(5)), abs=0.5)
