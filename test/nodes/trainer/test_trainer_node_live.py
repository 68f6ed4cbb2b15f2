"""Live teaching: ~/start, a drive, ~/finish, a map."""

from __future__ import annotations

import signal
from pathlib import Path

from support.teaching import Teacher, recorded, taught

from vprtempo_ros.demo.recordings import IMAGE_TOPIC, ODOMETRY_TOPIC
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.image_bag import ODOMETRY

BY_METRES = {'places__by': 'metres', 'places__spacing': 2.0}


def publish_street(teacher: Teacher) -> None:
    """Begin to publish the topics of the rendered street."""
    teacher.publish_on(IMAGE_TOPIC, IMAGE)
    teacher.publish_on(ODOMETRY_TOPIC, ODOMETRY)


def test_a_drive_becomes_the_map_that_its_recording_makes(street, tmp_path: Path) -> None:
    """The drive is recorded byte for byte, and trained as from a bag; then a second one."""
    route = recorded(street.recordings.reference)
    with taught(tmp_path, **BY_METRES) as (process, teacher):
        publish_street(teacher)
        said = teacher.start()
        recording = tmp_path / 'map.recording'
        assert f'recording {IMAGE_TOPIC} and {ODOMETRY_TOPIC} to {recording}' in said
        teacher.await_listeners()
        teacher.play(route)
        expected = len(load(street.map).places)
        teacher.await_value('frames recorded', '80'.__eq__)
        teacher.await_value('poses recorded', '80'.__eq__)
        teacher.await_value('places so far', str(expected).__eq__)
        done, said = teacher.call('finish')
        assert done, said
        assert f'training began for about {expected} places' in said
        teacher.await_state('idle')
        assert teacher.states[-4:] == ['idle', 'recording', 'training', 'idle']
        assert teacher.progress[-1] == 1.0
        assert f'{recording} has 80 frames and 80 poses' in process.output()
        # Ready for another one; map and recording are kept.
        done, said = teacher.call('start')
        assert not done
        assert 'there is a map already' in said
        assert teacher.set_parameter('map', str(tmp_path / 'second')).successful
        assert str(tmp_path / 'second.recording') in teacher.start()
        assert teacher.call('cancel') == (True, 'cancelled; nothing was recorded')
        assert not (tmp_path / 'second.recording').exists()
        assert process.end() == 0
        assert 'Traceback' not in process.output()
    # DDS keeps the order of each topic, not that of topics among each other.
    found, sent = (
        sorted(((m.topic, m.type, m.data) for m in messages), key=lambda each: each[0])
        for messages in (recorded(recording), route)
    )
    assert found == sent
    built = load(tmp_path / 'map')
    assert len(built.places) == expected
    assert all(place.pose for place in built.places)
    again = build_map(built.config)
    assert again.places == built.places
    assert (again.network.weights == built.network.weights).all()


def test_a_recording_that_is_interrupted_is_complete(street, tmp_path: Path) -> None:
    """A signal finishes the recording; the bag can be trained from."""
    route = recorded(street.recordings.reference)[:40]
    for number in (signal.SIGINT, signal.SIGTERM):
        recording = tmp_path / f'{number.name}.recording'
        with taught(tmp_path, map=tmp_path / number.name) as (process, teacher):
            publish_street(teacher)
            teacher.start()
            teacher.await_listeners()
            teacher.play(route)
            teacher.await_value('frames recorded', '20'.__eq__)
            teacher.await_value('poses recorded', '20'.__eq__)
            assert process.end(number) == 0
            said = process.output()
        assert 'Traceback' not in said
        assert f'interrupted while recording; {recording} has 20 frames and 20 poses' in said
        assert f'train.launch.py bags:={recording}' in said
        assert (recording / 'metadata.yaml').is_file()
        assert len(recorded(recording)) == 40
