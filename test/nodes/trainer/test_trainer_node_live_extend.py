"""Live teaching that extends a map, which a running vpr_node takes up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import ros
from support.helpers import tree
from support.ros import SINGLE, Client, frame_message
from support.teaching import Teacher, recorded, taught

from vprtempo_ros.demo.recordings import IMAGE_TOPIC, ODOMETRY_TOPIC
from vprtempo_ros.maps.editing import add_stretches, forget
from vprtempo_ros.maps.revisions import edit, obstacle
from vprtempo_ros.maps.store import load
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.image_bag import ODOMETRY
from vprtempo_ros.support.progress import silent

# Places of the street that the map has before.
KNOWN = 8


@pytest.fixture
def folder(street, tmp_path: Path) -> Path:
    """Return a map of the begin of the street."""
    folder = Path(shutil.copytree(street.map, tmp_path / 'map'))
    count = len(load(folder).places)
    edit(folder, 'forget', lambda content: forget(content, range(KNOWN, count)))
    return folder


def drive(teacher: Teacher, street) -> None:
    """Teach the end of the street."""
    for topic, kind in ((IMAGE_TOPIC, IMAGE), (ODOMETRY_TOPIC, ODOMETRY)):
        teacher.publish_on(topic, kind)
    teacher.start()
    teacher.await_listeners()
    first = street.places()[KNOWN].stamp_ns
    route = [each for each in recorded(street.recordings.reference) if each.stamp_ns >= first]
    teacher.play(route)
    teacher.await_value('frames recorded', str(len(route) // 2).__eq__)


def test_a_drive_is_added(street, folder: Path, tmp_path: Path) -> None:
    """The map grows by a stretch, as map_edit adds it, and the node knows its places at once."""
    places = street.places()
    edited = Path(shutil.copytree(folder, tmp_path / 'edited'))
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': folder, **SINGLE}),
        Client() as client,
        # Of what makes a map, what is set here does not count: it is as the map has it.
        taught(tmp_path, live__extend='true', poses__topic=ODOMETRY_TOPIC, places__spacing=7.0) as (
            process,
            teacher,
        ),
    ):
        client.await_listener()
        drive(teacher, street)
        teacher.await_value('places so far', str(len(places) - KNOWN).__eq__)
        done, said = teacher.call('finish')
        assert done, said
        teacher.await_state('idle')
        assert f'{folder}: revision 3, {len(places)} places with those of' in process.output()
        client.spin_until(
            lambda: bool(client.infos) and client.infos[-1].database_version == 3, 'the revision'
        )
        for number in (2, KNOWN + 2):
            answer = client.ask(frame_message(places[number], number + 1))
            assert answer.results[0].class_id == str(number)
    loaded = load(folder)
    assert loaded.parts().counts == [KNOWN, len(places) - KNOWN]
    recording = str(tmp_path / 'map.recording')
    edit(edited, 'add', lambda content: add_stretches(content, [recording], silent))
    assert load(edited).places == loaded.places
    assert (load(edited).network.weights == loaded.network.weights).all()


def test_a_map_that_cannot_be_extended(street, folder: Path, tmp_path: Path) -> None:
    """It is refused before the drive, and unchanged."""
    (folder / 'training.safetensors').unlink()
    before = tree(folder)
    with taught(tmp_path, live__extend='true') as (process, teacher):
        teacher.publish_on(IMAGE_TOPIC, IMAGE)
        done, said = teacher.call('start')
        assert (done, said) == (False, f'{folder}: {obstacle(load(folder), folder)}')
        assert 'this map holds no training data, ' in said
        assert teacher.set_parameter('live.extend', False).successful
        done, said = teacher.call('start')
        assert not done
        assert 'there is a map already' in said
        assert process.end() == 0
    assert tree(folder) == before
