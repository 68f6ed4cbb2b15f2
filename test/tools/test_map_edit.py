"""The command map_edit, as a user runs it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENCE
from support.commands import as_process, in_process
from support.edited import assert_same_answers, bag_of, map_of
from support.helpers import drive, names, tiny_config, tree
from support.street import Street

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.errors import MapError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.options import from_flat
from vprtempo_ros.tools.map_edit import places_of

START = "poses in frame 'odom' begin where the robot is started"


def done(*arguments: object) -> str:
    """Run the command and return what it printed."""
    finished = in_process('map_edit', *arguments)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def refused(*arguments: object) -> str:
    """Run the command and return its one-line error."""
    finished = in_process('map_edit', *arguments)
    assert finished.returncode == 1, finished.stdout + finished.stderr
    error = finished.stderr.strip().split('\r')[-1].strip()
    assert error.startswith('error: ')
    assert '\n' not in error
    return error.removeprefix('error: ')


def info(folder: Path) -> str:
    """Return what map_info prints."""
    found = as_process('map_info', folder)
    assert found.returncode == 0
    return found.stdout


def assert_merged(said: str, path: Path) -> None:
    """Check what is said of a new map of twelve places, of which odometry began anywhere."""
    first, second = said.splitlines()
    assert first == f'{path}: revision 2, 12 places'
    assert second.startswith(f'note: {START}')


def test_a_map_that_lives(street: Street, tmp_path: Path) -> None:
    """After all kinds of edits it answers as one that was trained at once."""
    first = map_of(street, range(6), tmp_path / 'first')
    second = map_of(street, range(6, 12), tmp_path / 'second')
    before = tree(first)
    merged = tmp_path / 'merged'
    assert_merged(done('merge', first, second, merged), merged)
    assert done('forget', merged, '6-11') == f'{merged}: revision 3, 6 places\n'
    assert_same_answers(merged, first)
    done('undo', merged)
    parts = [tmp_path / name for name in ('before', 'after')]
    done('split', merged, 6, *parts)
    assert_same_answers(parts[0], first)
    assert_same_answers(parts[1], second)
    said = done('add', first, f'{second}.bag').splitlines()
    assert said[0] == f'{first}: revision 2, 12 places'
    assert said[1].startswith(f'note: {second}.bag: {START}')
    assert len(said) == 2
    assert_same_answers(first, merged)
    assert done('label', first, 2, 'front door') == f'{first}: revision 3, 12 places\n'
    assert_same_answers(first, merged)
    assert load(first).labels == {2: 'front door'}
    shown = dict(line.split(None, 1) for line in info(first).splitlines() if line[0] != ' ')
    assert shown['revision'] == '3, holds its training data, the previous revision is kept'
    assert shown['labels'] == '2: front door'
    assert 'in 2 segments of 6, 6\n' in info(first)
    done('undo', first)
    done('label', merged, 0, 'gate')
    assert 'previous revision removed' in done('compact', merged)
    assert [each['edit'].split()[0] for each in load(first).provenance['edits']] == ['add']
    again = bag_of(street.frames('query')[:12], tmp_path / 'again')
    done('forget', first, '6-11')
    said = done('add', first, again, '--again').splitlines()
    assert said[1].startswith(f'note: {again}: assigned to places by poses in frame')
    assert load(first).calibration.frames > 2
    assert tree(first) != before
    left = {'first.bag', 'second.bag', 'again', 'first', 'second', 'merged', 'before', 'after'}
    assert set(names(tmp_path)) == left


def test_what_is_refused(tmp_path: Path) -> None:
    """Each in one line, and nothing is changed."""
    maps = []
    for name, settings in (('map', {}), ('wide', {'encoding__width': 9}), ('old', {})):
        bag = drive(tmp_path / f'{name}.bag', range(4), range(4))
        maps.append(save(build_map(tiny_config(bag, **settings)), tmp_path / name))
    one, wide, old = maps
    (old / 'training.safetensors').unlink()
    before, out = tree(tmp_path), tmp_path / 'out'
    assert refused('forget', one, '0-2') == (
        'expected at least 2 places to be left, found 1: a map needs two'
    )
    assert refused('forget', one, '3-9') == 'expected places from 0 to 3, found 4'
    assert refused('forget', one, '3-1').startswith('expected places as numbers and ranges')
    said = refused('forget', old, '0')
    assert said.startswith(f'{old}: this map holds no training data, ')
    # The command that trains it from its recordings, without settings that rule edits out.
    words = shlex.split(said.partition(': ros2 ')[2])
    assert words[:4] == ['run', 'vprtempo_ros', 'trainer_node', '--ros-args']
    given = dict(word.split(':=') for word in words if ':=' in word)
    settings = {name: json.loads(value) for name, value in given.items()}
    assert settings.pop('overwrite') and settings.pop('map') == str(old)
    again = save(build_map(from_flat(TrainerConfig, settings)), tmp_path / 'again')
    assert (again / 'training.safetensors').exists()
    for name in ('places.csv', 'network.safetensors'):
        assert (again / name).read_bytes() == (old / name).read_bytes()
    shutil.rmtree(again)
    assert refused('merge', one, wide, out) == (
        'expected maps with the same encoding.width, found 8 and 9'
    )
    assert refused('merge', one, one, out) == (
        f'maps to merge: expected each once, found {one} 2 times'
    )
    assert refused('merge', one, out).startswith('expected two maps or more to merge')
    three = '--transform 0 0 0: expected two maps, found 3: merge them one by one, each with its'
    assert refused('merge', one, wide, old, out, *three.partition(':')[0].split()).startswith(
        three.replace(' 0 0 0', '')
    )
    bag = tmp_path / 'map.bag'
    assert refused('add', one, bag, tmp_path / 'no' / '..' / 'map.bag') == (
        f'recordings to add: expected each once, found {bag} 2 times'
    )
    taken = f'{wide}: there is a map already; choose another destination'
    assert refused('split', one, 2, wide, out) == taken
    assert refused('split', one, 2, out, wide) == taken
    assert refused('split', one, 2, out, tmp_path / 'no' / '..' / 'out') == (
        f'maps to make: expected each once, found {out} 2 times'
    )
    assert refused('merge', one, old, wide) == taken
    assert refused('split', one, 3, out, tmp_path / 'rest').endswith('which are 2 to 2, found 3')
    assert 'no such map' in refused('label', out, 0, 'door')
    assert refused('label', one, 4, 'door') == 'expected places from 0 to 3, found 4'
    unchanged = f'{one}: place 2 has no label already; nothing to change'
    assert refused('label', one, 2, '') == unchanged
    assert 'no previous revision' in refused('undo', one)
    assert 'no previous revision' in refused('compact', one)
    missing = f'{tmp_path / "nothing"}: no such bag or folder'
    for more in ([], ['--again']):
        assert refused('add', one, tmp_path / 'nothing', *more) == missing
        assert refused('add', one, '', *more).endswith('a bag or folder, found an empty one')
        # The first one is not read for it.
        assert refused('add', one, tmp_path / 'wide.bag', tmp_path / 'nothing', *more) == missing
    assert tree(tmp_path) == before


@pytest.mark.process
def test_a_map_that_may_not_be_written(tmp_path: Path) -> None:
    """It is not replaced, as what it was could not be removed then."""
    bag = drive(tmp_path / 'bag', range(4), range(4))
    folder = save(build_map(tiny_config(bag)), tmp_path / 'map')
    # Root may write everywhere.
    rights = '-dac_override,-dac_read_search'
    drop = ['setpriv', f'--bounding-set={rights}', f'--inh-caps={rights}'] * (os.geteuid() == 0)
    if drop and (
        shutil.which('setpriv') is None
        or subprocess.run([*drop, 'true'], capture_output=True, check=False).returncode
    ):
        pytest.skip('needs a user without all rights, or setpriv')
    before = tree(tmp_path)
    tool = [sys.executable, '-m', 'vprtempo_ros.tools.map_edit', 'label', str(folder), '2', 'door']
    folder.chmod(0o555)
    try:
        found = subprocess.run(
            [*drop, *tool], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    finally:
        folder.chmod(0o755)
    assert found.stderr == f'error: {folder}: cannot be replaced, since it may not be written\n'
    assert tree(tmp_path) == before


def test_several_at_once(street: Street, tmp_path: Path) -> None:
    """Several maps, recordings or drives make one revision, which is that of one after another."""
    ranges = range(5), range(5, 9), range(9, 12)
    maps = [map_of(street, part, tmp_path / f'map{n}') for n, part in enumerate(ranges)]
    bags = [f'{each}.bag' for each in maps]
    merged, twice = tmp_path / 'merged', tmp_path / 'twice'
    assert_merged(done('merge', *maps, merged), merged)
    done('merge', maps[0], maps[1], twice)
    done('add', twice, bags[2])
    assert_same_answers(merged, twice)
    assert done('add', maps[0], *bags[1:]).startswith(f'{maps[0]}: revision 2, 12 places\n')
    assert_same_answers(maps[0], merged)
    drives = [bag_of(street.frames('query')[n:12:2], tmp_path / f'drive{n}') for n in (0, 1)]
    for each in drives:
        done('add', merged, each, '--again')
    done('add', twice, *drives, '--again')
    assert_same_answers(merged, twice)
    assert load(twice).revision == load(merged).revision == 4


def test_an_interrupted_add_goes_on(street: Street, tmp_path: Path) -> None:
    """What was read of other recordings is kept until the map has it, next to where it is now."""
    parts = [map_of(street, range(n, n + 3), tmp_path / f'map{n}') for n in (0, 3, 6)]
    bags = [f'{each}.bag' for each in parts]
    done('merge', *parts, tmp_path / 'new' / 'whole')
    moved = tmp_path / 'moved' / 'map'
    moved.parent.mkdir()
    parts[0].rename(moved)
    (tmp_path / 'none').mkdir()
    assert str(tmp_path / 'none') in refused('add', moved, *bags[1:], tmp_path / 'none')
    assert names(moved.parent) == ['.map.reading', 'map']
    text = done('add', moved, *bags[1:])
    assert text.startswith(f'{moved}: revision 2, 9 places\n')
    assert names(moved.parent) == ['map']
    assert_same_answers(moved, tmp_path / 'new' / 'whole')


def test_a_recording_that_is_there_already(street: Street, tmp_path: Path) -> None:
    """It is added, since a folder may hold another recording by now, and what it does is said."""
    folder = map_of(street, range(6), tmp_path / 'map')
    note = done('add', folder, f'{folder}.bag').splitlines()[-1]
    assert note.startswith(f'note: the map had been made from {folder}.bag before; if it is the')
    assert note.endswith('is in the map twice, and the two look alike; map_edit undo takes it back')
    done('undo', folder)
    assert 'confidence was fitted to frames' in done('add', folder, f'{folder}.bag', '--again')


def test_help() -> None:
    """Each command is described."""
    text = done('--help')
    for name in ('forget', 'add', 'merge', 'split', 'label', 'undo', 'compact'):
        assert f'\n    {name} ' in text
    assert '3,7-9' in done('forget', '--help')


def test_texts_of_places() -> None:
    """Numbers and ranges; anything else is refused before it takes memory."""
    assert places_of('3') == [3]
    assert places_of('7-9, 3') == [7, 8, 9, 3]
    for text in ('', '-1', '1-', '1,,2', 'all', '0-999999999', '4-3', '٣a'):
        with pytest.raises(MapError, match='expected places as numbers and ranges like 3,7-9'):
            places_of(text)
