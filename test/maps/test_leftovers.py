"""A training that was interrupted goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.helpers import drive, names, tiny_config, tree

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.maps import building
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.leftovers import leftovers_of
from vprtempo_ros.maps.store import save

pytestmark = pytest.mark.process


class Interrupted(Exception):
    """What ends a training."""


@pytest.fixture(autouse=True)
def same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let maps be made at the same time, which they contain."""
    monkeypatch.setattr(building, 'now', lambda: '2026-01-01T00:00:00+00:00')


@pytest.fixture
def bags(tmp_path: Path) -> list[Path]:
    """Return four recordings of eight places."""
    return [drive(tmp_path / f'bag{n}', range(8), range(n, n + 8)) for n in range(4)]


def config_of(
    bags: list[Path], folder: Path, executor: str = 'single', **settings: Any
) -> TrainerConfig:
    """Return the configuration of a map of these recordings."""
    return tiny_config(
        *bags, map=str(folder), training__executor=executor, training__workers=1, **settings
    )


def interrupt(config: TrainerConfig, stage: str) -> None:
    """Train until a stage begins."""

    def progress(name: str, done: int, total: int) -> None:
        if name.startswith(stage):
            raise Interrupted

    with pytest.raises(Interrupted):
        build_map(config, progress)


def stages(config: TrainerConfig) -> list[str]:
    """Train and save a map; return the stages of the training."""
    seen: list[str] = []

    def progress(name: str, done: int, total: int) -> None:
        if name not in seen:
            seen.append(name)

    save(build_map(config, progress), config.map)
    return seen


@pytest.mark.parametrize('kind', ['all', 'first'])
def test_it_goes_on(bags: list[Path], tmp_path: Path, kind: str) -> None:
    """What was read is not read again, and the map is the same; then nothing is left of it."""
    expected = config_of(bags, tmp_path / 'maps' / 'whole', places__bags=kind)
    stages(expected)
    config = config_of(bags, tmp_path / 'maps' / 'map', places__bags=kind)
    interrupt(config, 'reading bag3')
    # Of one that defines the places nothing is kept where the others only show them again.
    kept = 3 if kind == 'all' else 2
    assert len(list(leftovers_of(config.map).rglob('*-*'))) == kept
    seen = stages(config)
    what = 'recordings' if kind == 'all' else 'drives'
    assert f'continues: {kept} of {kept + 1} {what} were read before' in seen
    assert not any(stage.startswith('reading bag1') for stage in seen)
    # But for the place where it is.
    one, other = (tree(Path(each.map)) for each in (config, expected))
    assert {name for name in one if one[name] != other[name]} <= {'map.yaml'}
    assert names(tmp_path / 'maps') == ['map', 'whole']


def test_with_processes(bags: list[Path], tmp_path: Path) -> None:
    """Other processes are given only what is left."""
    config = config_of(bags, tmp_path / 'map', 'processes', places__bags='all')
    interrupt(config, 'fitting network')
    seen = stages(config)
    assert 'continues: 4 of 4 recordings were read before' in seen
    assert not any(stage.startswith('reading') for stage in seen)


def test_stale_and_damaged(bags: list[Path], tmp_path: Path) -> None:
    """What is damaged, or of other settings or recordings, is dropped, and this is said."""
    config = config_of(bags, tmp_path / 'map', places__bags='all')
    interrupt(config, 'fitting network')
    files = sorted(leftovers_of(config.map).rglob('*-*'))
    files[0].write_bytes(files[0].read_bytes()[:-1])
    seen = stages(config)
    assert any(stage.endswith('versions, 1 damaged') for stage in seen)
    assert 'continues: 3 of 4 recordings were read before' in seen
    # Another setting: all of them.
    config = config_of(bags, tmp_path / 'other', places__bags='all')
    interrupt(config, 'fitting network')
    other = config_of(bags, tmp_path / 'other', places__bags='all', encoding__width=9)
    seen = stages(other)
    assert any('dropped: 4 of other recordings' in stage for stage in seen)
    assert not any(stage.startswith('continues') for stage in seen)


def test_a_recording_that_has_changed(bags: list[Path], tmp_path: Path) -> None:
    """It is read again."""
    config = config_of(bags, tmp_path / 'map', places__bags='all')
    interrupt(config, 'fitting network')
    file = next(each for each in bags[0].rglob('*') if each.suffix in ('.db3', '.mcap'))
    file.touch()
    assert 'continues: 3 of 4 recordings were read before' in stages(config)


def test_where_nothing_can_be_kept(bags: list[Path], tmp_path: Path) -> None:
    """A single recording, and a map that is not saved, leave nothing."""
    for config in (config_of(bags[:1], tmp_path / 'map'), tiny_config(*bags, places__bags='all')):
        build_map(config)
    assert not leftovers_of(tmp_path / 'map').exists()
