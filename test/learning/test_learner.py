"""A map that is extended while a robot drives: what is learnt, recognised at once, and kept."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.edited import answers, map_of
from support.learning import SOURCE, LearningDrive, finished
from support.shared import made_once
from support.street import Street

from vprtempo_ros.frames import Frame, Pose
from vprtempo_ros.learning.journal import journal_of, read_journal
from vprtempo_ros.maps.editing import forget
from vprtempo_ros.maps.revisions import edit, load_content
from vprtempo_ros.maps.samples import ADDITIONAL
from vprtempo_ros.maps.store import load
from vprtempo_ros.maps.training_data import TrainingData

KNOWN = 12


@pytest.fixture(scope='session')
def known_map(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of the first places of the street, each frame a place."""
    folder = made_once(
        tmp_path_factory, 'known', lambda folder: map_of(street, range(KNOWN), folder / 'map')
    )
    return folder / 'map'


@pytest.fixture
def folder(known_map: Path, tmp_path: Path) -> Path:
    """Return a copy of the map."""
    return Path(shutil.copytree(known_map, tmp_path / 'map'))


def frames_of(street: Street, first_s: int = 0) -> list[Frame]:
    """Return the frames of all places, one a second as in the map."""
    return [
        replace(frame, stamp_ns=(first_s + number) * 10**9)
        for number, frame in enumerate(street.places(), 1)
    ]


def test_a_new_stretch(street: Street, folder: Path) -> None:
    """Places off the map are recognised at once, and are in the next revision."""
    frames = frames_of(street)
    drive = LearningDrive(folder)
    drive.use_basis()
    drive(frames)
    counts = drive.learner.counts
    assert (counts.branches, counts.changed) == (1, 0)
    assert len(frames) - KNOWN - 3 <= counts.new <= len(frames) - KNOWN
    learnt = counts.new
    first = len(frames) - learnt
    # Recognised where they were learnt, before any training; and not learnt twice.
    assert drive.alone(frames[first:]) == list(range(KNOWN, KNOWN + learnt))
    drive(frames_of(street, 100))
    assert drive.learner.counts[:2] == (learnt, 1)
    drive.end()
    done = finished(folder)
    assert done.revision == 2 and not journal_of(folder).exists()
    loaded = load(folder)
    # A view of known places that was not recognised for a moment is no stretch.
    assert loaded.parts().counts == [KNOWN, learnt]
    (edited,) = loaded.provenance['edits']
    assert edited['edit'] == f'learn {learnt} place(s) in 1 stretch(es): {SOURCE}'
    assert [place.stamp_ns for place in loaded.places[KNOWN:]] == [
        frame.stamp_ns for frame in frames[first:]
    ]
    # What it was trained from is what training at once would have; each place answers to itself.
    content = load_content(folder).content
    at_once = TrainingData(content.traverses, len(content.places), content.adapt).sums
    assert (at_once.power == content.data.sums.power).all()
    assert (answers(loaded).argmax(axis=1) == np.arange(len(loaded.places))).mean() > 0.9


def test_what_is_learnt_before_the_fit_is_known(street: Street, folder: Path) -> None:
    """It is in the network from then on."""
    drive = LearningDrive(folder)
    drive(frames_of(street))
    new = drive.learner.counts.new
    assert new > 3 and drive.learner.in_network == 0 and drive.learner.grown() is None
    drive.use_basis()
    assert drive.learner.in_network == new
    grown = drive.learner.grown()
    assert grown is not None and len(grown.places) == KNOWN + new
    assert grown.route().starts == (0, KNOWN) and len(grown.thumbnails[-1]) > 0
    drive.end()
    # The rows that were made at once are nearly those of a training.
    assert finished(folder).revision == 2
    trained, made = load(folder).network.weights, grown.network.weights
    similar = [np.corrcoef(one, other)[0, 1] for one, other in zip(trained[KNOWN:], made[KNOWN:])]
    assert np.mean(similar) > 0.8


def test_a_stretch_whose_places_resemble_each_other(street: Street, folder: Path) -> None:
    """Each frame of it looks most like the place before, which is no way along known places."""
    frames = frames_of(street)
    drive = LearningDrive(folder)
    drive.use_basis()
    drive(frames)
    new = drive.learner.counts.new
    assert new > 3
    # By itself it is the place that was just learnt, but that says nothing of known ones.
    similarity = drive.similarity(frames[-1])
    assert similarity.argmax() >= KNOWN > drive.learner._best_alone(similarity)
    drive.end()


def test_nothing_new(street: Street, folder: Path) -> None:
    """A drive along known places teaches nothing, and makes no revision."""
    drive = LearningDrive(folder)
    drive.use_basis()
    drive(frames_of(street)[:KNOWN])
    drive.end()
    assert drive.learner.counts.places == 0
    done = finished(folder)
    assert (done.revision, done.summary) == (None, 'nothing new was learnt')
    assert load(folder).revision == 1 and not journal_of(folder).exists()


def test_memory_is_bounded(street: Street, folder: Path) -> None:
    """With as many places as there is room for, learning stops and says so."""
    drive = LearningDrive(folder, room=4)
    drive.use_basis()
    drive(frames_of(street))
    assert drive.learner.counts.new == 4
    assert drive.learner.problem.startswith('4 new places are learnt, as many as learning.max_')
    drive.end()
    assert finished(folder).revision == 2


def test_a_crash_after_the_revision(street: Street, folder: Path) -> None:
    """A journal whose content is in the map already adds nothing again."""
    drive = LearningDrive(folder)
    drive(frames_of(street))
    drive.end()
    kept = journal_of(folder).read_bytes()
    assert finished(folder).revision == 2
    journal_of(folder).write_bytes(kept)
    done = finished(folder)
    assert done.revision is None and 'in the map already' in done.summary
    assert load(folder).revision == 2 and not journal_of(folder).exists()


def test_a_journal_that_was_cut_off(street: Street, folder: Path) -> None:
    """What was written before the cut is learnt, and that something is missing is said."""
    drive = LearningDrive(folder)
    drive(frames_of(street))
    drive.end()
    file = journal_of(folder)
    _, frames, _ = read_journal(file)
    file.write_bytes(file.read_bytes()[:-100])
    done = finished(folder)
    assert done.revision == 2 and 'no whole frame, as after a crash' in done.summary
    assert len(load(folder).places) == KNOWN + len(frames) - 1


def test_places_that_have_changed(street: Street, folder: Path) -> None:
    """A place that the sequence knows and the frame alone does not learns how it looks now."""
    frames = frames_of(street)
    drive = LearningDrive(folder)
    drive.use_basis()
    drive(frames[:4])
    # As if the sequence knew better than the frames.
    looks = [replace(frame, image=frames[-1].image) for frame in frames[4:8]]
    drive(looks, believed=range(4, 8))
    counts = drive.learner.counts
    assert counts.changed >= 1 and counts.new == 0
    grown = drive.map
    changed_shown = drive.encoded(looks[0])
    drive.end()
    changed = [frame.place for frame in read_journal(journal_of(folder))[1]]
    shown = changed_shown / np.float32(255)
    before, after = load(folder).network.weights @ shown, grown.network.weights @ shown
    assert changed and all(after[place] > before[place] for place in changed)
    assert finished(folder).revision == 2
    content = load_content(folder).content
    assert content.traverses[-1].role == ADDITIONAL
    assert content.traverses[-1].places.tolist() == changed
    # The light of that drive stays when places are forgotten.
    light = content.traverses[-1].statistics
    edit(folder, 'forget 0', lambda each: forget(each, [0]))
    kept = load_content(folder).content.traverses[-1].statistics
    np.testing.assert_array_equal(kept.mean, light.mean)


def test_places_of_a_map_that_was_edited_meanwhile(street: Street, folder: Path) -> None:
    """New stretches are added all the same; samples of places by number are not."""
    drive = LearningDrive(folder)
    drive(frames_of(street))
    drive.end()
    edit(folder, 'forget 0', lambda content: forget(content, [0]))
    assert finished(folder).revision == 3
    assert load(folder).parts().counts[0] == KNOWN - 1


def test_poses_by_odometry(street: Street, folder: Path) -> None:
    """New places have the poses that the odometry gives from the last recognised one on."""
    frames = frames_of(street)
    known = {number: frame.pose for number, frame in enumerate(frames)}

    def shifted(pose: Pose) -> Pose:
        x, y, z = pose.position
        return Pose((x + 5.0, y, z), pose.orientation, 'map')

    drive = LearningDrive(folder)
    drive(frames, lambda match: None if match.place is None else shifted(known[match.place]))
    drive.end()
    _, learnt, _ = read_journal(journal_of(folder))
    by_stamp = {frame.stamp_ns: frame.pose for frame in frames}
    for frame in learnt:
        assert frame.pose is not None and frame.pose.frame_id == 'map'
        # Of a place next to the right one at the worst, from which it is reckoned.
        assert frame.pose.distance(shifted(by_stamp[frame.stamp_ns])) < 5.0
