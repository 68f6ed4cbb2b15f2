"""Edited maps answer as maps that were trained at once from the same frames."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.edited import answers, assert_same_answers, bag_of, map_of, street_config, trained
from support.helpers import drive, tiny_config
from support.street import Street

from vprtempo_ros.encoding.oriented import OrientedEncoder
from vprtempo_ros.encoding.profile import POOLED
from vprtempo_ros.errors import MapError
from vprtempo_ros.frames import Pose
from vprtempo_ros.maps.building import fit_map
from vprtempo_ros.maps.content import MapContent
from vprtempo_ros.maps.editing import add_drives, add_stretches, forget, labelled, merge, split
from vprtempo_ros.maps.revisions import compact, derive, edit, label, load_content, undo
from vprtempo_ros.maps.route import read_route
from vprtempo_ros.maps.samples import trials_of
from vprtempo_ros.maps.store import load
from vprtempo_ros.maps.training_data import TrainingData
from vprtempo_ros.maps.transforming import Transform, in_frame_of
from vprtempo_ros.network.linear import fit_linear
from vprtempo_ros.support.progress import silent

ADAPT = [{'encoding__adapt': adapt} for adapt in (False, True)]


@pytest.mark.long
@pytest.mark.parametrize('settings', ADAPT, ids=['plain', 'adapted'])
def test_forgotten_places(street: Street, tmp_path: Path, settings: dict[str, Any]) -> None:
    """A map that forgot places is that of the frames that are left."""
    count = len(street.places())
    gone = [0, 5, 6, 7, count - 1]
    edited = map_of(street, range(count), tmp_path / 'edited', **settings)
    edit(edited, 'forget', lambda content: forget(content, gone))
    left = [place for place in range(count) if place not in gone]
    expected = map_of(street, left, tmp_path / 'expected', **settings)
    found, other = load(edited), load(expected)
    # Stamps are those of the first recording, which was not cut.
    assert len(found.places) == len(left)
    similarities = answers(other)
    difference = np.abs(answers(found) - similarities).max()
    assert difference <= 1e-5 * np.abs(similarities).max()
    assert found.revision == 2


@pytest.mark.long
def test_a_near_tie_of_weight_decays(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where forgetting turns the choice of the decay, the edited map takes the other one too."""
    count = len(street.places())
    whole = map_of(street, range(count), tmp_path / 'edited')
    content = load_content(whole).content
    grid = tuple(np.geomspace(1e-3, 10.0, 60).tolist())
    before = best_decay(content, grid)
    # Each is the best of one of the maps, and hardly worse than that of the other one.
    gone, after = next(
        (gone, best)
        for gone in ([5, 6], [3, 9], [2], [11, 12, 13])
        for best in [best_decay(forget(content, gone), grid)]
        if best != before
    )
    decays = (before, after)
    monkeypatch.setattr(OrientedEncoder, 'profile', POOLED._replace(decays=decays))
    assert best_decay(content, decays) == before
    edit(whole, 'forget', lambda content: forget(content, gone))
    left = [place for place in range(count) if place not in gone]
    expected = map_of(street, left, tmp_path / 'expected')
    for found, other in zip(*(load_content(path).content.traverses for path in (whole, expected))):
        np.testing.assert_array_equal(found.trials.spikes, other.trials.spikes)
    similarities = answers(load(expected))
    difference = np.abs(answers(load(whole)) - similarities).max()
    assert difference <= 1e-5 * np.abs(similarities).max()


def best_decay(content: MapContent, decays: tuple[float, ...]) -> float:
    """Return the weight decay with the largest margin."""
    _, shown = content.data.references()
    trials = trials_of(content.traverses, content.adapt)
    tolerance, segments = content.config.places.tolerance, content.segments
    samples = content.data.fitted(True)
    margins = {}
    for decay in decays:
        # Of two, both are tried.
        profile = content.encoder.profile._replace(decays=(1e-4, decay))
        fit = fit_linear(samples, shown, trials, tolerance, profile, segments)
        margins[decay] = fit.margins[decay]
    return max(margins, key=lambda decay: margins[decay])


@pytest.mark.long
def test_many_small_edits(street: Street, tmp_path: Path) -> None:
    """Nothing drifts: after a long sequence the map is that of the frames that are left."""
    count = len(street.places())
    edited = map_of(street, range(count), tmp_path / 'edited')
    # From the end, so that no frame has another predecessor in the recording.
    for last in range(count - 1, count - 11, -1):
        edit(edited, 'forget', lambda content, last=last: forget(content, [last]))
    other = map_of(street, range(6), tmp_path / 'other')
    for _ in range(4):
        edit(edited, 'add', lambda content: add_stretches(content, [f'{other}.bag'], silent))
        places = len(load(edited).places)
        edit(edited, 'forget', lambda content, n=places: forget(content, range(n - 6, n)))
    assert load(edited).revision == 19
    expected = map_of(street, range(count - 10), tmp_path / 'expected')
    similarities = answers(load(expected))
    difference = np.abs(answers(load(edited)) - similarities).max()
    assert difference <= 1e-5 * np.abs(similarities).max()


@pytest.mark.long
def test_another_drive_that_was_added(street: Street, tmp_path: Path) -> None:
    """Another drive, added, is as if it had been given to the training: confidence too."""
    places, query = street.places()[:10], street.frames('query')
    bags = [bag_of(places, tmp_path / 'first')]
    bags += [bag_of(query[start::2], tmp_path / f'other{start}') for start in (0, 1)]
    edited = trained(street_config(bags[0]), tmp_path / 'edited')
    for bag in bags[1:]:
        edit(edited, 'add', lambda content, bag=bag: add_drives(content, [str(bag)], silent))
    expected = trained(street_config(*bags, training__executor='single'), tmp_path / 'expected')
    assert_same_answers(edited, expected)
    assert load(edited).calibration.frames > 5


def test_a_stretch_added_and_the_same_merged(street: Street, tmp_path: Path) -> None:
    """A recording that is added gives the map that merging its own map gives."""
    first = map_of(street, range(8), tmp_path / 'first')
    second = map_of(street, range(8, 14), tmp_path / 'second')
    one, other = load_content(first), load_content(second)
    derive(merge(one.content, other.content), one.map, 'merge', tmp_path / 'merged')
    edit(first, 'add', lambda content: add_stretches(content, [f'{second}.bag'], silent))
    assert_same_answers(first, tmp_path / 'merged')
    loaded = load(first)
    assert loaded.parts().counts == [8, 6]
    assert loaded.segment_statistics is not None
    np.testing.assert_array_equal(
        loaded.segment_statistics[1], np.asarray(load(second).pixel_statistics)
    )
    assert [each['used'] for each in loaded.provenance['traverses']] == [8, 6]


@pytest.mark.long
def test_any_sequence_of_edits_has_the_sums_of_training_at_once(
    street: Street, tmp_path: Path
) -> None:
    """Sums that were added and subtracted are, to the bit, those of the samples that are left."""
    places, query = street.places(), street.frames('query')
    contents = [
        read_route(street_config(bag_of(part, tmp_path / f'bag{number}')), silent)
        for number, part in enumerate((places[:9], places[9:], places[4:12]))
    ]
    again = bag_of(query, tmp_path / 'again')
    content = merge(contents[0], contents[1])
    content = add_drives(content, [str(again)], silent)
    content = forget(content, [3, 9, 10])
    content = merge(content, contents[2])
    before, after = split(content, 12)
    content = merge(after, before)
    content = forget(content, [0])
    _assert_at_once(content)


def _assert_at_once(content: MapContent) -> None:
    """Compare with the same samples, summed again."""
    data = content.data
    at_once = TrainingData(data.traverses, len(content.places), content.adapt)
    for name in ('count', 'total', 'power', 'places', 'shown'):
        np.testing.assert_array_equal(getattr(data.sums, name), getattr(at_once.sums, name))
    assert len(content.records) == len(data.traverses)
    assert len(content.thumbnails) == len(content.places) == content.segments.places
    found, expected = (
        answers(fit_map(each, {})) for each in (content, replace(content, data=at_once))
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.long
@pytest.mark.parametrize('kind', ['float32', 'int8'])
def test_random_edits_on_disk(street: Street, tmp_path: Path, kind: str) -> None:
    """After any edits, undone and compacted too, all is as of training with what is left."""
    rng = random.Random(len(kind))
    frames = street.places()
    segments, labels = [list(range(8))], dict[int, str]()
    before: tuple[list[list[int]], dict[int, str]] | None = None

    def bag(parts: list[int]) -> Path:
        return bag_of([frames[part] for part in parts], tmp_path / f'{next(numbers)}.bag')

    numbers = itertools.count()
    settings = {'places__bags': 'all', 'training__weights': kind}
    edited = trained(street_config(bag(segments[0]), **settings), tmp_path / 'edited')
    for step in range(14):
        count, was = sum(map(len, segments)), (segments, labels)
        what = rng.choice(['add', 'forget', 'label', 'undo', 'compact'])
        if what == 'add':
            first = rng.randrange(len(frames) - 5)
            segments = [*segments, list(range(first, first + 5))]
            new = str(bag(segments[-1]))
            edit(edited, what, lambda content, new=new: add_stretches(content, [new], silent))
        elif what == 'forget' and count > 6:
            gone = sorted(rng.sample(range(count), 3))
            edit(edited, what, lambda content, gone=gone: forget(content, gone))
            left = [place for place in range(count) if place not in gone]
            kept, place = [], itertools.count()
            for segment in segments:
                kept.append([each for each in segment if next(place) not in gone])
            segments = [segment for segment in kept if segment]
            labels = {left.index(at): name for at, name in labels.items() if at in left}
        elif what == 'label':
            at = rng.randrange(count)
            label(edited, at, f'label {step}')
            labels = {**labels, at: f'label {step}'}
        elif before is not None and what in ('undo', 'compact'):
            if what == 'undo':
                undo(edited)
                segments, labels = before
            else:
                compact(edited)
            before = None
            continue
        else:
            continue
        before = was
    bags = [bag(segment) for segment in segments]
    expected = trained(
        street_config(*bags, training__executor='single', **settings), tmp_path / 'expected'
    )
    assert load(edited).labels == labels
    similarities = answers(load(expected))
    difference = np.abs(answers(load(edited)) - similarities).max()
    assert difference <= 1e-5 * np.abs(similarities).max()
    one, other = (load(path).places for path in (edited, expected))
    assert [place.pose for place in one] == [place.pose for place in other]


@pytest.fixture(scope='module')
def content(tmp_path_factory: pytest.TempPathFactory) -> MapContent:
    """Return the content of a small map."""
    folder = tmp_path_factory.mktemp('content')
    return read_route(tiny_config(drive(folder / 'bag', range(6), range(6))), silent)


def test_labels_follow_their_places(content: MapContent) -> None:
    """Labels stay at their places when others are forgotten, and when maps are merged."""
    named = replace(content, labels={1: 'door', 4: 'stairs'})
    assert forget(named, [0, 1]).labels == {2: 'stairs'}
    assert merge(content, named).labels == {7: 'door', 10: 'stairs'}
    assert [part.labels for part in split(named, 3)] == [{1: 'door'}, {1: 'stairs'}]
    assert labelled(named.labels, 0, 'gate', 6) == {0: 'gate', 1: 'door', 4: 'stairs'}
    assert labelled(named.labels, 4, '', 6) == {1: 'door'}


@pytest.mark.parametrize(
    ('places', 'expected'),
    [
        ([0, 1, 2, 3, 4], 'expected at least 2 places to be left, found 1: a map needs two'),
        ([6], 'expected places from 0 to 5, found 6'),
        ([-1], 'expected places from 0 to 5, found -1'),
    ],
)
def test_what_cannot_be_forgotten(content: MapContent, places: list[int], expected: str) -> None:
    """All places but one, and places that are none, are refused."""
    with pytest.raises(MapError, match=f'^{expected}$'):
        forget(content, places)


def test_what_cannot_be_split_or_labelled(content: MapContent) -> None:
    """A map of one place, a border outside, and labels that fit on no line are refused."""
    for place in (1, 5, 60):
        with pytest.raises(MapError, match=f'which are 2 to 4, found {place}$'):
            split(content, place)
    for name in ('a\nb', 'x' * 81, '\x1b[2J'):
        with pytest.raises(MapError, match='^expected a label of up to 80 printable characters'):
            labelled({}, 0, name, 6)


@pytest.mark.parametrize(
    ('settings', 'frame', 'expected'),
    [
        ({'encoding__width': 9}, 'odom', r'the same encoding\.width, found 8 and 9'),
        ({'training__augment': False}, 'odom', r'training\.augment, found True and False'),
        ({'places__tolerance': 3}, 'odom', r'places\.tolerance, found \d and 3'),
        ({}, 'map', "one coordinate frame, found 'odom' and 'map'"),
    ],
)
def test_what_cannot_be_merged(
    content: MapContent, tmp_path: Path, settings: dict[str, Any], frame: str, expected: str
) -> None:
    """Maps of other settings or another coordinate frame are refused in one line."""
    bag = drive(tmp_path / 'bag', range(3), range(3), frame_id=frame)
    other = read_route(tiny_config(bag, **settings), silent)
    with pytest.raises(MapError, match=expected) as caught:
        merge(content, other)
    assert '\n' not in str(caught.value)


def test_places_keep_their_frames_or_are_transformed(content: MapContent, tmp_path: Path) -> None:
    """Merged without one, each place has its pose; with a transform all are in the first frame."""
    bag = drive(tmp_path / 'bag', range(3), range(3), frame_id='map')
    other = read_route(tiny_config(bag), silent)
    kept = merge(content, other, one_frame=False)
    assert [place.pose for place in kept.places[6:]] == [place.pose for place in other.places]
    # The other frame is 10 m ahead and 5 m to the left, and turned to the left.
    moved = in_frame_of(content, other, Transform.of(['10', '5', str(math.pi / 2)]))
    both = merge(content, moved)
    for before, after in zip(other.places, both.places[6:]):
        x, y, z = before.pose.position
        np.testing.assert_allclose(after.pose.position, (10 - y, 5 + x, z), atol=1e-12)
        assert after.pose.frame_id == 'odom'
        turned = math.remainder(after.pose.yaw - before.pose.yaw, 2 * math.pi)
        assert turned == pytest.approx(math.pi / 2)
    # A roll stays one about the axes of the robot.
    rolled = Pose((0.0, 0.0, 1.0), (math.sin(0.1), 0.0, 0.0, math.cos(0.1)))
    found = Transform(1.0, 2.0, math.pi)(rolled, 'map')
    np.testing.assert_allclose(found.orientation, (0.0, math.sin(0.1), math.cos(0.1), 0), atol=1e-9)


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        ('1 2 x', r"x and y in metres and yaw in radians, found '1 2 x'$"),
        ('nan 0 0', 'found nan and 0$'),
        ('1e9 0 0', r'up to 2e\+07, found 1e\+09 and 0$'),
        ('0 0 90', r'in radians, -6\.283 to 6\.283, found 90$'),
        ('0 0 inf', 'found inf$'),
    ],
)
def test_what_is_no_transform(words: str, expected: str) -> None:
    """Is one line."""
    with pytest.raises(MapError, match=expected):
        Transform.of(words.split())


def test_nothing_to_transform(content: MapContent) -> None:
    """Both maps need poses."""
    bare = replace(content, places=[replace(place, pose=None) for place in content.places])
    for maps, which in (((content, bare), 'second'), ((bare, content), 'first')):
        with pytest.raises(MapError, match=f'but the {which} map has none$'):
            in_frame_of(*maps, Transform(0.0, 0.0, 0.0))


def test_sensors_and_origins_that_cannot_be_merged(content: MapContent) -> None:
    """Maps of another image size, or of GPS poses around another origin, are refused."""
    other = replace(content, sensor=content.sensor._replace(width=640))
    with pytest.raises(MapError, match='camera of 32x24 pixels and camera of 640x24 pixels$'):
        merge(content, other)
    one, other = (replace(content, origin=(latitude, 7.0, 100.0)) for latitude in (50.0, 51.0))
    with pytest.raises(MapError, match='expected GPS poses of one origin'):
        merge(one, other)
    with pytest.raises(MapError, match='found those from no GPS and from GPS: merge the maps with'):
        merge(content, one)
    # A transform says how the one is in the other.
    assert merge(content, in_frame_of(content, one, Transform(0.0, 0.0, 0.0))).origin is None
