"""
Makes the entries of the corpus that do not exist yet; existing ones are never changed.

Run it as `PYTHONPATH=test .venv/bin/python test/corpus/make.py` in the root of the repository.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from corpus.answers import CORPUS, KINDS
from support import encodings_of
from support.events import ENCODINGS, packets, random_events, records, scene
from support.helpers import (
    SECOND,
    START,
    Record,
    drive,
    images,
    odometry,
    picture,
    storage_file,
    tiny_config,
    write_bag,
)
from support.transforms import sent

from vprtempo_ros.events.packet import EVENT_ARRAY, Packet
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import FORMAT_VERSION
from vprtempo_ros.maps.store import save
from vprtempo_ros.sources.bag_writer import header
from vprtempo_ros.sources.cdr import ARRAY, COMPRESSED, IMAGE, PACKET, typestore, write_message
from vprtempo_ros.sources.event_msg import packet_message
from vprtempo_ros.sources.image_bag import compressed_message

PLACES = 6
SPIKING = {
    'training__method': 'bootstrap',
    'training__bootstrap__hidden': 32,
    'training__bootstrap__steps': 16,
}
# Every mode of compression in one of the storages, and none in both.
BAGS = (
    ('sqlite3', 'none'),
    ('sqlite3', 'file'),
    ('mcap', 'none'),
    ('mcap', 'message'),
    ('mcap', 'storage'),
)


def image_message(entry: Path, encoding: str, padding: int = 0, big_endian: bool = False) -> None:
    """Write one colour picture in an encoding of sensor_msgs/Image."""
    rgb = encodings_of.colour_picture(8, 10)
    if encoding in encodings_of.PLANAR:
        found = encodings_of.planar_message(rgb, encoding)
    else:
        values = encodings_of.samples(rgb, encoding)
        found = encodings_of.message(values, encoding, padding=padding, big_endian=big_endian)
    sent = typestore().types[IMAGE](
        header(START, 'camera'),
        found.height,
        found.width,
        encoding,
        found.is_bigendian,
        found.step,
        found.data,
    )
    (entry / 'message.cdr').write_bytes(write_message(sent, IMAGE))


def compressed_image(entry: Path, suffix: str, deep: bool, colour: bool) -> None:
    """Write one picture as an image file in a sensor_msgs/CompressedImage."""
    rgb = encodings_of.colour_picture(8, 10)
    values = rgb[..., ::-1] if colour else encodings_of.grey_of(rgb) / 255
    pixels = np.rint(values * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8)
    done, data = cv2.imencode(suffix, pixels)
    assert done
    sent = compressed_message(START, data.tobytes(), suffix[1:], 'camera')
    (entry / 'message.cdr').write_bytes(write_message(sent, COMPRESSED))


def pose_message(entry: Path, type_name: str) -> None:
    """Write one pose as a message of a type."""
    types = typestore().types

    def make(name: str, *values: Any) -> Any:
        return types[f'geometry_msgs/msg/{name}'](*values)

    pose = make('Pose', make('Point', 1.5, -2.0, 0.25), make('Quaternion', 0.0, 0.6, 0.0, 0.8))
    uncertain = make('PoseWithCovariance', pose, np.zeros(36))
    zero = make('Vector3', 0.0, 0.0, 0.0)
    head = header(START, 'odom')
    fields = {
        'nav_msgs/msg/Odometry': (
            head,
            'base_link',
            uncertain,
            make('TwistWithCovariance', make('Twist', zero, zero), np.zeros(36)),
        ),
        'geometry_msgs/msg/PoseStamped': (head, pose),
        'geometry_msgs/msg/PoseWithCovarianceStamped': (head, uncertain),
        'sensor_msgs/msg/NavSatFix': (
            head,
            types['sensor_msgs/msg/NavSatStatus'](0, 1),
            48.125,
            11.5,
            520.25,
            np.zeros(9),
            0,
        ),
    }
    sent = types[type_name](*fields[type_name])
    (entry / 'message.cdr').write_bytes(write_message(sent, type_name))
    (entry / 'type.txt').write_text(f'{type_name}\n')


def event_packets(entry: Path, encoding: str, type_name: str = PACKET) -> None:
    """Write messages of events in an encoding; the third of four is missing."""
    found = packets(random_events(100, span_us=40_000), 25, encoding)
    for number, packet in enumerate(found):
        if number == 2:
            continue
        data = (
            array(packet)
            if encoding == EVENT_ARRAY
            else write_message(packet_message(packet), PACKET)
        )
        (entry / f'{number}.cdr').write_bytes(data)
    (entry / 'type.txt').write_text(f'{ARRAY if encoding == EVENT_ARRAY else type_name}\n')


def array(packet: Packet) -> bytes:
    """Return a dvs_msgs/EventArray with the events of a packet."""
    types = typestore().types
    empty = types[ARRAY](header(packet.stamp_ns, 'dvs'), packet.height, packet.width, [])
    data = write_message(empty, ARRAY)
    # The number of events is the last field of a message without events.
    count = (packet.data.size + 3) // 16
    return data[:-4] + count.to_bytes(4, 'little') + packet.data.tobytes()


def bag(entry: Path, storage: str, mode: str) -> None:
    """Write a bag of images, compressed images and odometry."""
    write_storage(entry, odometry([(0, 0, 0), (1, 0.5, 0), (2, 0, 0)]), storage, mode)


def transforms(entry: Path) -> None:
    """Write a bag of images and transforms: a robot on a map, with a static and an inverse link."""
    turned = (0.0, 0.0, 0.6, 0.8)
    moving = [
        record
        for number in range(4)
        for record in (
            sent(START + number * SECOND, 'map', 'odom', (10.0, number * 0.125, 0.0, *turned)),
            sent(START + number * SECOND, 'odom', 'base_footprint', (float(number), 0.5, 0.0)),
        )
    ]
    once = sent(START, 'base_link', 'base_footprint', (0.0, 0.0, -0.25), 0, '/tf_static')
    write_storage(entry, [once, *moving], 'mcap', 'none')


def write_storage(entry: Path, poses: Iterable[Record], storage: str, mode: str) -> None:
    """Write a bag of images, and of these."""
    pictures = [picture(number, 12, 16) for number in range(3)]
    write_bag(entry / 'bag', [*images(pictures), *poses], storage, mode)
    # Only the storage file is read, not metadata.yaml.
    file = storage_file(entry / 'bag')
    file.rename(entry / file.name)
    shutil.rmtree(entry / 'bag')


def map_folder(
    entry: Path, backends: tuple[str, ...], events: bool = False, **settings: Any
) -> None:
    """Train a map of six places; record a drive past four of these, and a picture of no place."""
    (entry / 'backends.txt').write_text('\n'.join(backends) + '\n')
    record = event_drive if events else camera_drive
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder, 'route'), range(PLACES), True)
        built = build_map(tiny_config(Path(folder, 'route'), training__epochs=0, **settings))
    # The folder that it was made in has a random name.
    built.config.bags = ['route']
    for traverse in built.provenance['traverses']:
        traverse['source'] = '/recordings/route'
    built.places[:] = [replace(place, traverse='route') for place in built.places]
    save(built, entry / 'map')
    record(entry / 'drive', (1, 2, 3, 4, 105), False)


def camera_drive(path: Path, places: Sequence[int], poses: bool) -> None:
    """Record a picture of each place."""
    drive(path, range(len(places)), places, poses)


def event_drive(path: Path, places: Sequence[int], poses: bool) -> None:
    """Record a window of 0.1 s at each place, of few events."""
    scenes = [scene(place, n * 100_000, count=200) for n, place in enumerate((*places, 0))]
    found = [
        packet._replace(seq=number)
        for number, events in enumerate(scenes)
        for packet in packets(events, 200)
    ]
    every = [*records(found)]
    if poses:
        every += odometry([(n, 0, 0) for n in range(len(scenes) + 1)], period_ns=SECOND // 10)
    write_bag(path, every)


def entries() -> Iterator[tuple[str, str, Callable[[Path], None]]]:
    """Yield kind, name and maker of each entry."""
    for encoding in (
        *encodings_of.PLAIN,
        *encodings_of.YUV,
        *encodings_of.PLANAR,
        *encodings_of.BAYER,
    ):
        yield 'image_messages', encoding, partial(image_message, encoding=encoding)
        if encoding in encodings_of.DEEP:
            big = partial(image_message, encoding=encoding, padding=3, big_endian=True)
            yield 'image_messages', f'{encoding}_big_endian_padded', big
    for suffix in ('.jpg', '.png'):
        for deep, colour in ((False, False), (False, True), (True, False), (True, True)):
            if suffix == '.jpg' and deep:
                continue
            name = f'{suffix[1:]}_{"colour" if colour else "grey"}{16 if deep else 8}'
            yield (
                'compressed_images',
                name,
                partial(compressed_image, suffix=suffix, deep=deep, colour=colour),
            )
    for type_name in (
        'nav_msgs/msg/Odometry',
        'geometry_msgs/msg/PoseStamped',
        'geometry_msgs/msg/PoseWithCovarianceStamped',
        'sensor_msgs/msg/NavSatFix',
    ):
        name = type_name.rpartition('/')[2]
        yield 'pose_messages', name, partial(pose_message, type_name=type_name)
    for encoding in ENCODINGS:
        yield 'event_packets', encoding, partial(event_packets, encoding=encoding)
    old = partial(event_packets, encoding='evt3', type_name='event_array_msgs/msg/EventArray')
    yield 'event_packets', 'evt3_event_array_msgs', old
    for storage, mode in BAGS:
        yield 'bags', f'{storage}_{mode}', partial(bag, storage=storage, mode=mode)
    yield 'bags', 'mcap_transforms', transforms
    version = f'format_{FORMAT_VERSION}'
    for name, backends, settings in (
        ('camera', ('numpy',), {}),
        ('quantised', ('integer', 'numpy'), {'training__quantize': 'qat'}),
        ('events', ('numpy',), {'events': True, 'input__type': 'events'}),
        ('spiking', ('cuba',), SPIKING),
    ):
        yield 'maps', f'{version}_{name}', partial(map_folder, backends=backends, **settings)


def main() -> None:
    """Make what is missing, one entry after another."""
    for kind, name, make in entries():
        file = CORPUS / kind / 'answers.json'
        answers = json.loads(file.read_text()) if file.exists() else {}
        if name in answers:
            continue
        entry = CORPUS / kind / name
        shutil.rmtree(entry, ignore_errors=True)
        entry.mkdir(parents=True)
        make(entry)
        answers[name] = KINDS[kind](entry)
        file.write_text(dump(answers))
        print(f'{kind}/{name}')


def dump(answers: dict[str, Any]) -> str:
    """Return the answers as JSON, with an entry a line."""
    lines = (f'{json.dumps(name)}: {json.dumps(answers[name])}' for name in sorted(answers))
    return '{\n' + ',\n'.join(lines) + '\n}\n'


if __name__ == '__main__':
    main()
