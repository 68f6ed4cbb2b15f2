"""Edits on disk: the map before or after, one editor at a time, and the way back."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from support import environment, forking
from support.edited import answers, trained
from support.helpers import drive, names, tiny_config, tree

from vprtempo_ros.errors import MapError
from vprtempo_ros.maps import revisions
from vprtempo_ros.maps.edit_lock import locked
from vprtempo_ros.maps.editing import forget
from vprtempo_ros.maps.revisions import PREVIOUS, compact, edit, label, load_content, undo
from vprtempo_ros.maps.store import load, save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a map of eight places, alone in its folder."""
    bag = drive(tmp_path / 'bag', range(8), range(8))
    return trained(tiny_config(bag), tmp_path / 'maps' / 'office')


def forget_first(folder: Path) -> None:
    """Make an edit."""
    edit(folder, 'forget 0', lambda content: forget(content, [0]))


def without_previous(folder: Path) -> dict[str, bytes]:
    """Return the files of a map, without those of its previous revision."""
    return {name: data for name, data in tree(folder).items() if not name.startswith(PREVIOUS)}


def test_revisions_and_the_way_back(folder: Path) -> None:
    """Each edit is a revision with provenance; undo gives the files of the one before."""
    first = tree(folder)
    forget_first(folder)
    second = without_previous(folder)
    loaded = load(folder)
    assert (loaded.revision, len(loaded.places)) == (2, 7)
    label(folder, 3, 'stairs')
    loaded = load(folder)
    assert (loaded.revision, loaded.labels) == (3, {3: 'stairs'})
    found = [(each['revision'], each['edit']) for each in loaded.provenance['edits']]
    assert found == [(2, 'forget 0'), (3, 'label 3 stairs')]
    assert tree(folder / PREVIOUS) == second != first
    assert undo(folder).revision == 2
    assert tree(folder) == second
    with pytest.raises(MapError, match=r'no previous revision to go back to \(only the last edit'):
        undo(folder)
    assert names(folder.parent) == ['office']


def test_compact_removes_the_way_back(folder: Path) -> None:
    """After it there is the map alone; it says what was freed."""
    with pytest.raises(MapError, match='no previous revision is kept, so nothing can be removed'):
        compact(folder)
    before = sum(len(data) for data in tree(folder).values())
    forget_first(folder)
    after = without_previous(folder)
    assert compact(folder) == before
    assert tree(folder) == after
    assert names(folder.parent) == ['office']


def test_labels_of_maps_that_cannot_be_edited(tmp_path: Path) -> None:
    """A map of any training can have labels, without changing its answers."""
    bag = drive(tmp_path / 'bag', range(4), range(4))
    folder = trained(tiny_config(bag, training__outputs='stdp'), tmp_path / 'map')
    before = answers(load(folder))
    label(folder, 1, 'door')
    loaded = load(folder)
    assert (loaded.labels, loaded.revision) == ({1: 'door'}, 2)
    assert (answers(loaded) == before).all()
    label(folder, 1, '')
    assert load(folder).labels == {}
    assert undo(folder).labels == {1: 'door'}


def test_labels_keep_the_training_data(folder: Path) -> None:
    """A map that was labelled can still be edited; of its files, only map.yaml is written."""
    before = {each.name: each.stat().st_ino for each in folder.iterdir()}
    first = tree(folder)
    label(folder, 7, 'gate')
    after = {name: (folder / name).stat().st_ino for name in before}
    assert [name for name in before if before[name] != after[name]] == ['map.yaml']
    assert tree(folder / PREVIOUS) == first
    forget_first(folder)
    assert load(folder).labels == {6: 'gate'}


def test_an_edit_that_is_refused_changes_nothing(folder: Path) -> None:
    """Neither the map nor its folder."""
    before = tree(folder)
    with pytest.raises(MapError, match='expected at least 2 places to be left, found 0'):
        edit(folder, 'forget', lambda content: forget(content, range(8)))
    with pytest.raises(MapError, match='nothing: no such map$'):
        undo(folder.parent / 'nothing')
    assert tree(folder) == before
    assert names(folder.parent) == ['office']


@pytest.mark.parametrize('failing', ['write_folder', '_link_files', 'exchange'])
def test_a_full_disk_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """At each step that writes, an error leaves the map as it was."""
    forget_first(folder)
    before = tree(folder)

    def fail(*given: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(revisions, failing, fail)
    expected = r'cannot be written \(No space left on device\); what was there is unchanged$'
    with pytest.raises(MapError, match=expected):
        forget_first(folder)
    assert tree(folder) == before
    assert names(folder.parent) == ['office']


def test_a_file_system_without_links(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The previous revision is a copy then."""
    before = tree(folder)

    def fail(*given: object) -> None:
        raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr(os, 'link', fail)
    forget_first(folder)
    assert tree(folder / PREVIOUS) == before
    undo(folder)
    assert tree(folder) == before


def test_a_map_that_was_replaced_meanwhile(folder: Path) -> None:
    """A map that was trained into the folder during an edit is not overwritten by it."""
    other = load_content(folder).map

    def change(content):  # noqa: ANN001, ANN202
        save(other, folder, overwrite=True)
        return forget(content, [0])

    before = without_previous(folder)
    with pytest.raises(MapError, match='was replaced by another map meanwhile'):
        edit(folder, 'forget', change)
    assert set(before) >= set(tree(folder)) > {'map.yaml'}
    assert len(load(folder).places) == 8
    assert names(folder.parent) == ['office']


def test_a_damaged_previous_revision_is_not_put_back(folder: Path) -> None:
    """The edited map stays."""
    forget_first(folder)
    file = folder / PREVIOUS / 'places.csv'
    text = file.read_text()
    file.unlink()
    file.write_text(text.replace('odom', 'map'))
    with pytest.raises(MapError, match=r'previous: places\.csv is not as it was written'):
        undo(folder)
    assert len(load(folder).places) == 7


EDITOR = (
    'import sys, time\n'
    'from pathlib import Path\n'
    'from vprtempo_ros.maps.edit_lock import locked\n'
    'with locked(Path(sys.argv[1])):\n'
    "    print('locked', flush=True)\n"
    '    time.sleep(60)\n'
)


def test_one_editor_at_a_time(folder: Path) -> None:
    """A second one is refused and says by whom; the lock of a killed one does not last."""
    words = [sys.executable, '-c', EDITOR, str(folder)]
    with forking.printing(words, environment()) as (editor, printed):
        assert printed.readline() == 'locked\n'
        with pytest.raises(MapError) as caught:
            forget_first(folder)
        editor.kill()
    assert str(caught.value) == (
        f'{folder}: is being edited by process {editor.pid} on {os.uname().nodename}; try again '
        'when that is done'
    )
    forget_first(folder)
    assert names(folder.parent) == ['office']


def test_the_lock_ends_with_its_block(tmp_path: Path) -> None:
    """It can be taken again, and leaves no file; a folder that cannot be written is one line."""
    for _ in range(2):
        with locked(tmp_path / 'map'):
            assert names(tmp_path) == ['.map.lock']
    assert names(tmp_path) == []
    with pytest.raises(MapError, match='cannot be edited'), locked(tmp_path / 'no' / 'map'):
        pass


KILLED = (
    'import sys\n'
    'from vprtempo_ros.maps.editing import forget\n'
    'from vprtempo_ros.maps.revisions import edit, undo\n'
    'for _ in range(1000):\n'
    "    edit(sys.argv[1], 'forget 0', lambda content: forget(content, [0]))\n"
    "    print('edited', flush=True)\n"
    '    undo(sys.argv[1])\n'
)
KILLS = 36


@pytest.mark.long
def test_killed_at_any_moment(folder: Path) -> None:
    """A process that edits and undoes, killed again and again, leaves the map before or after."""
    rng = random.Random(0)
    cycle = 0.0
    for _ in range(KILLS):
        words = [sys.executable, '-c', KILLED, str(folder)]
        with forking.printing(words, environment()) as (editor, printed):
            printed.readline()
            began = time.monotonic()
            if not cycle:
                printed.readline()
                cycle = time.monotonic() - began
            # Any moment of an edit and an undo, as long as they take on this machine.
            time.sleep(rng.uniform(0.0, 1.2 * cycle))
            editor.kill()
            assert editor.wait() == -signal.SIGKILL
        loaded = load_content(folder).map
        assert (len(loaded.places), loaded.revision) in ((8, 1), (7, 2))
        if loaded.revision == 2:
            assert len(load(folder / PREVIOUS).places) == 8
            undo(folder)
    forget_first(folder)
    assert names(folder.parent) == ['office']
