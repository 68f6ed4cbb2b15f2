"""vpr_node on a live topic of events: places come out, bad packets and wrong maps are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import ros
from support.events import EVENT_PLACES as PLACES
from support.events import HEIGHT, WIDTH, event_drive, packet, scene
from support.helpers import START, change, drive, tiny_config
from support.ros import Client, image_message, until

pytest.importorskip('event_camera_msgs', reason='needs event_camera_msgs: make setup')

from event_camera_msgs.msg import EventPacket  # noqa: E402

from vprtempo_ros.events.packet import Packet  # noqa: E402
from vprtempo_ros.maps.building import build_map  # noqa: E402
from vprtempo_ros.maps.store import save  # noqa: E402
from vprtempo_ros.sources.cdr import PACKET, write_message  # noqa: E402
from vprtempo_ros.sources.event_msg import packet_message  # noqa: E402

# Windows come in any order here: each is answered by itself, however sure the answer is.
INPUT = {
    'input.type': 'events',
    'input.reliability': 'reliable',
    # As long as may be: a busy machine takes its time.
    'input.max_delay': 10.0,
    'diagnostics.period': '0.1',
    'match.min_confidence': 0.0,
    'match.sequence.filter': 'none',
}


@pytest.fixture(scope='module')
def camera_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of a camera's images."""
    folder = tmp_path_factory.mktemp('camera')
    bag = drive(folder / 'bag', range(4), range(4))
    return save(build_map(tiny_config(bag)), folder / 'map')


class Driver:
    """Publishes the packets of a drive as an event camera's driver would."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seq = 0

    def send(self, one: Packet) -> None:
        """Publish a packet under the next number."""
        self.client.publisher.publish(
            write_message(packet_message(one._replace(seq=self.seq)), PACKET)
        )
        self.seq += 1

    def window(self, place: int, number: int, encoding: str = 'evt3') -> None:
        """Publish the events of a place as the n-th window of 0.1 s."""
        events = scene(place, number * 100_000)
        for start in range(0, 4000, 500):
            self.send(packet(encoding, events.part(slice(start, start + 500))))

    def answers(self, count: int) -> list[Any]:
        """Wait for this number of matches."""
        self.client.spin_until(lambda: len(self.client.matches) >= count, f'{count} matches')
        return self.client.matches


def client() -> Client:
    """Return a client that publishes events."""
    return Client(image='/events', kind=EventPacket)


@pytest.mark.parametrize('encoding', ['evt3', 'libcaer', 'mono', 'libcaer_cmp'])
def test_recognises_places(event_map: Path, tmp_path: Path, encoding: str) -> None:
    """Each window is answered with its place; stamp of its end, frame of the packets."""
    order = [3, 0, 5, 1, 4, 2]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': event_map, **INPUT}), client() as talk:
        talk.await_listener()
        driver = Driver(talk)
        for number, place in enumerate([*order, 0]):
            driver.window(place, number, encoding)
            # The next window follows when the one before is answered: nothing waits too long.
            matches = driver.answers(number)
        assert [match.results[0].class_id for match in matches] == [str(n) for n in order]
        for number, match in enumerate(matches):
            stamp = match.header.stamp.sec * 10**9 + match.header.stamp.nanosec
            assert stamp == START + 100_000_000 * (number + 1)
            assert match.header.frame_id == 'dvs'
        # A packet is counted before its events are.
        received = {
            'packets received': str(driver.seq),
            'events received': str(4000 * (len(order) + 1)),
        }
        values = talk.status(lambda status, values: received.items() <= values.items(), 'packets')
        assert values['packets dropped'] == values['packets lost'] == values['packets bad'] == '0'
        assert values['frames matched'] == str(len(order))


def test_event_arrays(event_map: Path, tmp_path: Path) -> None:
    """input.message: array takes dvs_msgs/EventArray, on a remapped topic."""
    pytest.importorskip('dvs_msgs', reason='needs dvs_msgs: make setup')
    from dvs_msgs.msg import Event, EventArray

    def message(place: int, number: int) -> Any:
        events = scene(place, number * 100_000)
        array = EventArray(height=HEIGHT, width=WIDTH)
        first = START + int(events.t_us[0]) * 1000
        array.header.stamp.sec, array.header.stamp.nanosec = divmod(first, 10**9)
        for x, y, p, t in zip(*(column.tolist() for column in events)):
            event = Event(x=x, y=y, polarity=bool(p))
            event.ts.sec, event.ts.nanosec = divmod(START + t * 1000, 10**9)
            array.events.append(event)
        return array

    with (
        ros.node(
            tmp_path,
            'vpr_node',
            remap={'events': '/dvs/events'},
            parameters={'map': event_map, **INPUT, 'input.message': 'array'},
        ),
        Client(image='/dvs/events', kind=EventArray) as talk,
    ):
        talk.await_listener()
        for number, place in enumerate((4, 1, 0)):
            talk.publisher.publish(message(place, number))
        talk.spin_until(lambda: len(talk.matches) >= 2, 'two matches')
        assert [match.results[0].class_id for match in talk.matches] == ['4', '1']


def bad_packets() -> dict[str, tuple[Packet, str]]:
    """Return packets that cannot be used by what is wrong, with words of the diagnostics."""
    good = packet('mono', scene(0, 500_000, count=50))
    outside = scene(0, 500_000, count=50)
    outside.x[3] = WIDTH
    backwards = scene(0, 500_000, count=50)
    backwards.t_us[:25] += 300_000
    return {
        'encoding': (good._replace(encoding='trigger'), "unknown encoding 'trigger'"),
        'bytes': (good._replace(data=good.data[:-3]), 'words of 8 bytes'),
        'words': (good._replace(encoding='evt3', data=np.full(4, 0x11, np.uint8)), 'kind 1'),
        'outside': (packet('mono', outside), 'found 1 outside'),
        'backwards': (packet('libcaer', backwards), 'ms before those'),
        'size': (good._replace(width=640, height=480), '64x48 pixels, found 640x480'),
        'no size': (good._replace(width=0), '0x48'),
    }


def test_bad_packets_are_counted_named_and_skipped(event_map: Path, tmp_path: Path) -> None:
    """Between packets of each bad kind the windows are answered as without them."""
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': event_map, **INPUT}) as process,
        client() as talk,
    ):
        talk.await_listener()
        driver = Driver(talk)
        number = 0
        for number, (kind, (one, words)) in enumerate(bad_packets().items(), start=1):
            driver.window(number % PLACES, number)
            last = START + number * 100_000_000 + 99_000_000
            driver.send(one._replace(stamp_ns=last))
            values = talk.status(
                lambda status, values, n=number: values.get('packets bad') == str(n), kind
            )
            assert [key for key in values if key.startswith('bad: ') and words in key], values
        driver.window(0, number + 1)
        matches = driver.answers(number)
        assert [match.results[0].class_id for match in matches] == [
            str(n % PLACES) for n in range(1, number + 1)
        ]
        driver.send(packet('mono', scene(0, 0, count=10)))
        talk.status(
            lambda status, values: any('before the last' in key for key in values),
            'time running backwards',
        )
        driver.window(3, 50)
        driver.window(3, 51)
        driver.answers(number + 1)
        assert talk.matches[-1].results[0].class_id == '3'
        talk.publisher.publish(b'\0\1\0\0\1\2\3')
        talk.status(
            lambda status, values: any('bytes do not hold' in key for key in values),
            'a message of garbage',
        )
        assert 'Traceback' not in process.output()


def test_lost_packets_are_counted(event_map: Path, tmp_path: Path) -> None:
    """Missing and late numbers are reported, and places are recognised anyway."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': event_map, **INPUT}), client() as talk:
        talk.await_listener()
        driver = Driver(talk)
        for number, place in enumerate((2, 5, 0)):
            driver.window(place, number)
            driver.seq += 2
        assert [match.results[0].class_id for match in driver.answers(2)] == ['2', '5']
        talk.status(lambda status, values: values.get('packets lost') == '4', '4 lost packets')
        # One of them comes late: it is refused, and no longer lost.
        driver.seq = 8
        driver.send(packet('evt3', scene(2, 0, count=500)))
        values = talk.status(lambda status, values: values.get('packets bad') == '1', 'late packet')
        assert values['packets out of order'].startswith('1, by up to 0.2')
        assert values['packets lost'] == '3'
        driver.seq = 30
        driver.window(4, 3)
        driver.window(4, 4)
        assert driver.answers(4)[-1].results[0].class_id == '4'


def test_overload_drops_whole_packets(event_map: Path, tmp_path: Path) -> None:
    """What waits too long is dropped and counted, every packet is accounted for."""
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={'map': event_map, **INPUT, 'input.max_delay': 0.001, 'input.depth': 1000},
        ),
        client() as talk,
    ):
        talk.await_listener()
        driver = Driver(talk)
        for number in range(40):
            driver.window(number % PLACES, number)
        values = talk.status(
            lambda status, values: values.get('packets received') == str(driver.seq), 'all'
        )
        dropped = int(values['packets dropped'])
        assert 0 < dropped < driver.seq
        # Dropped packets are not counted as lost too.
        assert values['packets lost'] == '0'
        assert values['packets bad'] == '0'
        # Some of these wait too long as well on a busy machine.
        later = iter(range(60, 10_000))
        talk.feed(
            lambda: driver.window(3, next(later)),
            lambda: any(
                match.header.stamp.sec * 10**9 + match.header.stamp.nanosec > START + 6_000_000_000
                for match in talk.matches
            ),
            'a match after the overload',
        )


@pytest.mark.parametrize(
    ('of', 'asked', 'words'),
    [
        ('camera_map', 'events', 'made from images of a sensor of 32x24'),
        ('event_map', 'image', 'made from events of a sensor of 64x48'),
        ('event_map', 'compressed', 'made from events of a sensor of 64x48'),
    ],
)
def test_maps_of_the_other_kind_are_refused(
    request: pytest.FixtureRequest, tmp_path: Path, of: str, asked: str, words: str
) -> None:
    """A camera's map takes no events and the reverse; the line says what to do."""
    folder = request.getfixturevalue(of)
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder, 'input.type': asked}) as process:
        process.wait_for(words)
        line = next(line for line in process.output().splitlines() if words in line)
        assert f'input.type is {asked}: set it to' in line
        assert process.process.poll() is None
        assert process.end() == 0


def test_images_are_no_events(camera_map: Path, tmp_path: Path) -> None:
    """A node for a camera is not disturbed by there being topics of events."""
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': camera_map, 'match.min_confidence': 0.0}),
        Client() as talk,
    ):
        talk.await_listener()
        pixels = np.random.default_rng(0).integers(0, 255, (24, 32)).astype(np.uint8)
        assert talk.ask(image_message(pixels, 'mono8', 5)).results


def test_another_sensor_when_asked(event_map: Path, tmp_path: Path) -> None:
    """input.any_size takes the events of a sensor of another size."""
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': event_map, **INPUT, 'input.any_size': 'true'}
        ),
        client() as talk,
    ):
        talk.await_listener()
        driver = Driver(talk)
        for number in range(3):
            events = scene(2, number * 100_000)
            driver.send(
                packet(
                    'evt3',
                    events._replace(x=events.x * 2, y=events.y * 2),
                    width=2 * WIDTH,
                    height=2 * HEIGHT,
                )
            )
        assert {match.results[0].class_id for match in driver.answers(2)} == {'2'}


def test_event_camera_py_is_asked_for_and_missing(event_map: Path, tmp_path: Path) -> None:
    """The node says how to install it."""
    try:
        import event_camera_py  # noqa: F401
    except ImportError:
        with ros.node(
            tmp_path,
            'vpr_node',
            parameters={'map': event_map, **INPUT, 'input.decoder': 'event_camera_py'},
        ) as process:
            process.wait_for('event_camera_py is not installed: apt install')


def test_lifecycle(event_map: Path, tmp_path: Path) -> None:
    """Deactivated it does not listen; activated again it begins with a stream of its own."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': event_map, **INPUT}), client() as talk:
        talk.await_listener()
        driver = Driver(talk)
        driver.window(1, 0)
        assert talk.change(ros.DEACTIVATE)
        until(lambda: talk.publisher.get_subscription_count() == 0, 'no listener')
        assert talk.change(ros.ACTIVATE)
        talk.await_listener()
        # Earlier than what it heard before: of that nothing is left.
        for number, place in enumerate((5, 2, 0)):
            driver.window(place, number)
        assert [match.results[0].class_id for match in driver.answers(2)[-2:]] == ['5', '2']
        assert talk.change(ros.DEACTIVATE)
        assert talk.change(ros.CLEANUP)
        assert talk.change(ros.CONFIGURE)
        assert talk.state() == ros.INACTIVE


def test_another_map_while_events_come(event_map: Path, tmp_path: Path) -> None:
    """A map of the same sensor takes over with the next packet; one of another is refused."""
    later = save(
        build_map(
            tiny_config(
                event_drive(tmp_path / 'later', range(2, PLACES)),
                input__type='events',
                encoding__encoder='pixels',
                encoding__width=16,
                encoding__height=16,
                training__epochs=0,
                training__feature_multiplier=4.0,
            )
        ),
        tmp_path / 'map',
    )
    narrow = shutil.copytree(event_map, tmp_path / 'narrow')
    change(narrow, lambda document: document['sensor'].update(width=32))
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': event_map, **INPUT}) as process,
        client() as talk,
    ):
        talk.await_listener()
        driver = Driver(talk)
        driver.window(4, 0)
        driver.window(4, 1)
        assert driver.answers(1)[-1].results[0].class_id == '4'
        result = talk.set_parameter('map', str(narrow))
        assert not result.successful
        assert 'is for 32x48 pixels, but the input has 64x48' in result.reason
        assert talk.set_parameter('map', str(later)).successful
        talk.matches.clear()
        # The windows restart with the stream.
        driver.window(4, 10)
        driver.window(4, 11)
        driver.window(4, 12)
        assert driver.answers(2)[-1].results[0].class_id == '2'
        assert 'Traceback' not in process.output()
