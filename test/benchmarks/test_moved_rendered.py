"""Rendered routes in their folder, and as routes of a benchmark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.moved import rendered as module
from benchmarks.moved.days import AGAIN, DAYS
from benchmarks.moved.rendered import RenderedRoute
from benchmarks.moved.route import REFERENCE, Traverse
from benchmarks.routes import rendered

FRAMES = 12


class World:
    """A route along the x axis with frames of noise, rendered at once."""

    rendered = 0


def fake_render(world: World, day: object) -> Traverse:
    """Return frames 1 m apart; all days but the reference end off the map."""
    world.rendered += 1
    along = np.arange(FRAMES) * 1.0 + (0 if day == REFERENCE else 5)
    poses = np.stack([along, np.zeros(FRAMES), np.zeros(FRAMES)], axis=1)
    images = np.random.default_rng(world.rendered).integers(0, 256, (FRAMES, 8, 8))
    return Traverse(images.astype(np.uint8), poses, poses, 0.5 * np.arange(FRAMES))


@pytest.fixture
def route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RenderedRoute:
    world = World()
    monkeypatch.setattr(module, 'WORLDS', {'fake': lambda seed: world})
    monkeypatch.setattr(module, 'render', fake_render)
    return RenderedRoute('fake', 0, tmp_path)


def test_a_traverse_is_rendered_once(route: RenderedRoute) -> None:
    """Another object of the same route reads what the first has written."""
    first = route.query(AGAIN)
    assert route.world.rendered == 2  # the reference and the day
    second = route.query(AGAIN)
    assert route.world.rendered == 2
    assert np.array_equal(first.traverse.images, second.traverse.images)
    assert np.array_equal(first.place, second.place)


def test_a_changed_day_of_the_same_name_is_rendered_again(route: RenderedRoute) -> None:
    route.query(AGAIN)
    route.query(replace(AGAIN, seed=99))
    assert route.world.rendered == 3


def test_a_changed_renderer_uses_another_folder(
    route: RenderedRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    route.query(AGAIN)
    monkeypatch.setattr(module, 'renderer_digest', lambda: 'changed')
    changed = RenderedRoute('fake', 0, route.path(AGAIN).parents[1])
    assert not changed.path(AGAIN).exists()


def test_docstrings_do_not_change_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest is of the code: not of its comments, docstrings and line breaks."""
    digests = []
    monkeypatch.setattr(module, '_OF_THE_DEMO', ())
    monkeypatch.setattr(module, '__file__', str(tmp_path / 'rendered.py'))
    for text in ('"""A."""\nx = 1\n', '"""B."""\n\n# c\nx = (1)\n', '"""A."""\nx = 2\n'):
        (tmp_path / 'code.py').write_text(text)
        digests.append(module.renderer_digest.__wrapped__())
    assert digests[0] == digests[1] != digests[2]


def test_frames_off_the_map_have_no_place(route: RenderedRoute) -> None:
    """A rendered route is correct within two places, which end with the map."""
    found = rendered(route, AGAIN)
    assert len(found.query) == len(found.reference) == FRAMES
    assert found.steps.step_s == 0.5
    assert found.truth.first[:, 0].tolist() == [3, 4, 5, 6, 7, 8, 9, 9, -1, -1, -1, -1]
    assert found.truth.last[:, 0].tolist() == [7, 8, 9, 10, 11, 11, 11, 11, -1, -1, -1, -1]


def test_days_have_names_of_their_own() -> None:
    assert len({day.name for day in DAYS} | {REFERENCE.name}) == len(DAYS) + 1
