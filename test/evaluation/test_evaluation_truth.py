"""Ground truth for an evaluation: which places are correct, and inputs that do not fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.helpers import START, drive, odometry, picture, tiny_config, write_bag, write_pictures
from support.helpers import images as image_records

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.encoding.adaptation import Adaptation
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.errors import SourceError
from vprtempo_ros.evaluation.by_file import truth_by_file
from vprtempo_ros.evaluation.by_frame import truth_by_frame
from vprtempo_ros.evaluation.by_pose import truth_by_pose
from vprtempo_ros.evaluation.query import Query, QueryConfig, read_images, read_query
from vprtempo_ros.evaluation.truth import NO_PLACE, UNKNOWN, GroundTruth, read_truth, write_truth
from vprtempo_ros.frames import Pose, grey_image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map

SECOND = 1_000_000_000


def built(*bags: Path, **settings: Any) -> Map:
    """Return a small map of recordings."""
    return build_map(tiny_config(*bags, **settings))


def read(path: Path, loaded: Map, **settings: Any) -> Query:
    """Return a recording as the query of a map."""
    count = settings.pop('count', 0)
    any_size = settings.pop('any_size', False)
    return read_query(
        str(path), loaded, QueryConfig(BagInputConfig(**settings), PosesConfig(), count, any_size)
    )


def refused(work: Any) -> str:
    """Return the one-line error of a call."""
    with pytest.raises(SourceError) as caught:
        work()
    assert '\n' not in str(caught.value)
    return str(caught.value)


def correct(truth: GroundTruth) -> list[list[int]]:
    """Return the correct places of each query."""
    return [truth.correct_places(query).tolist() for query in range(len(truth))]


# A loop: out along x and back on the same path, so that places 1 and 5, 2 and 4 are one spot.
LOOP = [0, 10, 20, 30, 20, 10]


@pytest.fixture(scope='module')
def loop(tmp_path_factory: pytest.TempPathFactory) -> Map:
    """Return the map of a loop."""
    folder = tmp_path_factory.mktemp('loop')
    return built(drive(folder / 'bag', LOOP, range(len(LOOP))))


def test_places_near_the_query_are_correct(loop: Map, tmp_path: Path) -> None:
    """All places within the radius are correct, its edge included, on every pass."""
    query = read(drive(tmp_path / 'query', [0, 12, 25, 30, 100], range(5)), loop)
    truth = truth_by_pose(query, loop, 5.0)
    assert correct(truth) == [[0], [1, 5], [2, 3, 4], [3], []]
    assert truth.known.all()
    assert truth.with_place.tolist() == [True] * 4 + [False]


def test_height_does_not_count(loop: Map, tmp_path: Path) -> None:
    """A barometer's drift makes no difference."""
    records = [
        *image_records(picture(number) for number in range(2)),
        *odometry([(0, 0, 50), (10, 3, -50)]),
    ]
    truth = truth_by_pose(read(write_bag(tmp_path / 'query', records), loop), loop, 3.0)
    assert correct(truth) == [[0], [1, 5]]


def test_heading(loop: Map, tmp_path: Path) -> None:
    """With a heading, the return path is another place; angles wrap at 180 degrees."""

    def turned(loaded: Map, degrees: list[float]) -> Map:
        places = [
            dataclasses.replace(
                place,
                pose=Pose(
                    place.pose.position,
                    (0.0, 0.0, np.sin(np.radians(angle) / 2), np.cos(np.radians(angle) / 2)),
                    'odom',
                ),
            )
            for place, angle in zip(loaded.places, degrees)
            if place.pose
        ]
        return dataclasses.replace(loaded, places=places)

    query = read(drive(tmp_path / 'query', [10, 20], range(2)), loop)
    there = turned(loop, [0, 0, 0, 0, 180, -170])
    assert correct(truth_by_pose(query, there, 5.0)) == [[1, 5], [2, 4]]
    assert correct(truth_by_pose(query, there, 5.0, 30.0)) == [[1], [2]]
    query.poses[:] = [
        Pose(pose.position, (0.0, 0.0, 1.0, 0.0), 'odom') for pose in query.poses if pose
    ]
    assert correct(truth_by_pose(query, there, 5.0, 30.0)) == [[5], [4]]
    everywhere = turned(loop, [90] * 6)
    assert 'differ by more than 30 degrees in heading' in refused(
        lambda: truth_by_pose(query, everywhere, 5.0, 30.0)
    )


def test_frames_without_a_pose_have_unknown_truth(loop: Map, tmp_path: Path) -> None:
    """Where odometry began late, the first frames have no truth."""
    records = [
        *image_records(picture(number) for number in range(6)),
        *odometry([(30, 0, 0), (20, 0, 0)], start_ns=START + 4 * SECOND),
    ]
    truth = truth_by_pose(read(write_bag(tmp_path / 'query', records), loop), loop, 1.0)
    assert truth.known.tolist() == [False] * 3 + [True] * 3
    assert correct(truth)[-2:] == [[3], [2, 4]]


def test_poses_that_do_not_fit(loop: Map, tmp_path: Path) -> None:
    """No poses on either side, another frame, another origin, no overlap: each has its reason."""
    bare = drive(tmp_path / 'bare', LOOP, range(6), poses=False)
    assert 'found none: name the topic with --poses' in refused(
        lambda: truth_by_pose(read(bare, loop), loop, 5.0)
    )
    query = read(drive(tmp_path / 'query', LOOP, range(6)), loop)
    assert 'this map has none' in refused(lambda: truth_by_pose(query, built(bare), 5.0))
    other = read(drive(tmp_path / 'map', LOOP, range(6), frame_id='map'), loop)
    assert "expected poses in frame 'odom' as in the map, found 'map'" in refused(
        lambda: truth_by_pose(other, loop, 5.0)
    )
    far = read(drive(tmp_path / 'far', [500 + x for x in LOOP], range(6)), loop)
    assert 'the nearest is 470.0 m away' in refused(lambda: truth_by_pose(far, loop, 5.0))
    globe = dataclasses.replace(loop, origin=(48.0, 11.0, 500.0))
    assert 'which are from GPS, found no GPS' in refused(lambda: truth_by_pose(query, globe, 5.0))
    satellites = dataclasses.replace(query, origin=(48.0, 11.0, 500.0))
    assert 'no GPS, found GPS' in refused(lambda: truth_by_pose(satellites, loop, 5.0))
    assert 'which has none' in refused(lambda: truth_by_pose(satellites, globe, 5.0, 30.0))


def test_equal_file_names_are_one_place(tmp_path: Path) -> None:
    """Names decide, not order; a name that is not in the map has no true place."""
    loaded = built(write_pictures(tmp_path / 'a', ['1.png', '2.png', '3.png', '10.png']))
    query = read(write_pictures(tmp_path / 'b', ['2.png', '3.png', '4.png']), loaded)
    truth, how = truth_by_frame(query, loaded, 0)
    assert (correct(truth), how) == ([[1], [2], []], 'equal file names')
    assert correct(truth_by_frame(query, loaded, 1)[0]) == [[0, 1, 2], [1, 2, 3], []]


def test_frames_correspond_by_number(tmp_path: Path) -> None:
    """Without names in common, the n-th frame is the n-th place; the route's ends cut it off."""
    loaded = built(write_pictures(tmp_path / 'a', ['1.png', '2.png', '3.png']))
    query = read(write_pictures(tmp_path / 'b', ['x.png', 'y.png', 'z.png']), loaded)
    truth, how = truth_by_frame(query, loaded, 1)
    assert (correct(truth), how) == ([[0, 1], [0, 1, 2], [1, 2]], 'frames in order')
    bag = read(drive(tmp_path / 'bag', range(3), range(3)), loaded)
    assert correct(truth_by_frame(bag, loaded, 0)[0]) == [[0], [1], [2]]


def test_unreadable_frames_do_not_shift_the_correspondence(tmp_path: Path) -> None:
    """A black frame in either recording is left out; frames after it keep their numbers."""

    def recorded(name: str, black: int) -> Path:
        return write_bag(
            tmp_path / name,
            image_records(picture(number) * (number != black) for number in range(5)),
        )

    loaded = built(recorded('reference', 1))
    assert len(loaded.places) == 4
    query = read(recorded('query', 3), loaded)
    # Frames 0, 1, 2 and 4; places are frames 0, 2, 3 and 4.
    assert correct(truth_by_frame(query, loaded, 0)[0]) == [[0], [], [1], [3]]


def test_left_out_frames_do_not_shift_the_correspondence(tmp_path: Path) -> None:
    """Frames left out at the beginning, of the map or of the query, keep their numbers."""
    names = [f'{number}.png' for number in range(6)]
    loaded = built(write_pictures(tmp_path / 'a', names), input__start=2)
    folder = write_pictures(tmp_path / 'b', [f'x{name}' for name in names])
    query = read(folder, loaded, start=1)
    assert correct(truth_by_frame(query, loaded, 0, 1)[0]) == [[], [0], [1], [2], [3]]
    assert 'compare --start' in refused(
        lambda: truth_by_frame(read(folder, loaded, count=2), loaded, 0, 0, True)
    )


def test_correspondence_that_does_not_fit(tmp_path: Path) -> None:
    """Places that are not one a frame, and recordings of different length, are refused."""
    bag = drive(tmp_path / 'a', range(8), range(8))
    apart = built(bag, places__by='metres', places__spacing=2.0)
    assert 'its places are 2 metres apart' in refused(
        lambda: truth_by_frame(read(bag, apart), apart, 1)
    )
    loaded = built(bag)
    longer = drive(tmp_path / 'b', range(9), range(9))
    assert 'expected 8 frames, as many as in the reference recording, found 9' in refused(
        lambda: truth_by_frame(read(longer, loaded), loaded, 1)
    )
    vouched = truth_by_frame(read(longer, loaded, count=8), loaded, 0, 0, True)[0]
    assert correct(vouched) == [[place] for place in range(8)]


def test_a_file_has_every_frame(tmp_path: Path) -> None:
    """The file's lines belong to the frames of their stamps; two lines are two ranges."""
    bag = drive(tmp_path / 'a', range(4), range(4))
    loaded = built(bag)
    query = read(bag, loaded)
    lines = [
        f'{START + number * SECOND},{first},{last}'
        for number, first, last in [(0, 0, 0), (0, 2, 3), (1, 1, 2), (2, -1, -1), (3, -2, -2)]
    ]
    file = tmp_path / 'truth.csv'

    def written(rows: list[str]) -> Path:
        file.write_text('\n'.join(['stamp_ns,first_place,last_place', *rows]))
        return file

    truth = truth_by_file(written(lines), query, 4)
    assert correct(truth) == [[0, 2, 3], [1, 2], [], []]
    assert truth.first[2, 0] == NO_PLACE
    assert truth.first[3, 0] == UNKNOWN
    assert 'for 1 of them, as for /camera/image_raw[3] with stamp' in refused(
        lambda: truth_by_file(written(lines[:-1]), query, 4)
    )
    assert 'names place 3, but the map has places 0 to 2' in refused(
        lambda: truth_by_file(written(lines), query, 3)
    )
    more = [*lines, '999000000000,0,0']
    assert 'has 1 stamps without a frame in' in refused(
        lambda: truth_by_file(written(more), query, 4)
    )
    assert len(truth_by_file(written(more), query, 4, limited=True)) == 4


@pytest.mark.parametrize('lines', ['5,3,2', '5,-3,0', '5,1,1\n5,-1,-1', '5,-1,-1\n5,1,1'])
def test_invalid_ranges(tmp_path: Path, lines: str) -> None:
    """A range that ends before it begins, or places and no place for one stamp, are errors."""
    file = tmp_path / 'truth.csv'
    file.write_text(f'stamp_ns,first_place,last_place\n{lines}\n')
    assert 'expected a CSV file' in refused(lambda: read_truth(file))


def test_ranges_survive_their_file(loop: Map, tmp_path: Path) -> None:
    """Several ranges, no place and unknown truth survive a round trip."""
    query = read(drive(tmp_path / 'query', [0, 12, 25, 100], range(4)), loop)
    query.poses[0] = None
    truth = truth_by_pose(query, loop, 5.0)
    write_truth(truth, tmp_path / 'truth.csv')
    found = read_truth(tmp_path / 'truth.csv')
    assert correct(found) == correct(truth) == [[], [1, 5], [2, 3, 4], []]
    assert found.known.tolist() == truth.known.tolist() == [False, True, True, True]


def test_images_of_another_size(loop: Map, tmp_path: Path) -> None:
    """They are refused as in the node, or accepted if asked for."""
    bag = write_bag(tmp_path / 'query', image_records([picture(0, 30, 40)]))
    assert 'expected images of 32x24 pixels as in the map, found 40x30' in refused(
        lambda: read(bag, loop)
    )
    assert len(read(bag, loop, any_size=True)) == 1


def test_a_query_is_what_the_encoder_makes_of_it(loop: Map, tmp_path: Path) -> None:
    """Spikes, stamps and names belong together, also where only a part is read."""
    bag = drive(tmp_path / 'query', range(6), range(6))
    whole, part = read(bag, loop), read(bag, loop, start=1, count=3)
    encode = encoder_for(loop.config)
    for query, numbers in ((whole, range(6)), (part, (1, 2, 3))):
        adapt = Adaptation(loop.pixel_statistics)
        np.testing.assert_array_equal(
            query.spikes, [adapt(encode(grey_image(picture(number)))) for number in numbers]
        )
    plain = dataclasses.replace(loop, config=tiny_config(encoding__adapt=False))
    np.testing.assert_array_equal(
        read(bag, plain, start=1).spikes,
        [encode(grey_image(picture(number))) for number in range(1, 6)],
    )
    assert part.names == whole.names[1:4]
    assert part.stamps.tolist() == [START + number * SECOND for number in (1, 2, 3)]
    config = QueryConfig(BagInputConfig(start=1), PosesConfig(), 3)
    image = read_images(str(bag), config, {2})[2]
    np.testing.assert_array_equal(image.grey(), picture(3))
    assert read_images(str(bag), config, set()) == {}
