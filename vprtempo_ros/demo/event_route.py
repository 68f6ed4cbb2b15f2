"""The demo's route seen by an event camera, recorded in packets as a driver publishes them."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, sin
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..evaluation.truth import GroundTruth, from_nearest
from ..events.evt3_encoder import encode_evt3
from ..events.packet import Packet
from ..frames import Pose
from ..maps.map import Map
from ..sources.bag_writer import BagWriter
from ..sources.cdr import PACKET
from ..sources.event_bag import EventFrames
from ..sources.event_msg import packet_message
from ..sources.image_bag import ODOMETRY, odometry_message
from .camera import Camera
from .dvs import EventCamera
from .recordings import CORRECT_WHEN, ODOMETRY_TOPIC, SPACING, Recordings, promised
from .route import QUERY, REFERENCE, DriveConditions, RenderedDrive
from .world import World

EVENT_TOPIC = '/event_camera/events'

# Height and width of the sensor, and rendered frames per second; a packet holds the events
# between two of them.
_SIZE, _FRAMES = (240, 320), 100
# The sensor clock at the start of the drive; its 24 bits overflow during it.
_SWITCHED_ON_US = 10_000_000
# Speed of both drives, in metres per second.
_SPEED = 5.0


def record_events(folder: Path, length: float, rate: float) -> Recordings:
    """
    Drive through the demo's world twice and record events and odometry.

    :param rate: odometry messages per second.
    """
    world = World(length=length)
    drives = {}
    for name, traverse in (('reference', REFERENCE), ('query', QUERY)):
        drives[name] = RenderedDrive(world, traverse, frame_distance=_SPEED / rate, rate=rate)
        _record(world, traverse, drives[name], folder / name, name)

    def truth(built: Map) -> GroundTruth:
        frames = EventFrames(folder / 'query', replace(built.config.input, topic=EVENT_TOPIC))
        stamps = np.array([frame.stamp_ns for frame in frames], np.int64)
        places = np.array([place.stamp_ns for place in built.places], np.int64)
        along = _along(drives['query'], stamps), _along(drives['reference'], places)
        return promised(from_nearest(stamps, *along), built)

    trainer = {'input.type': 'events', 'places.by': 'metres', 'places.spacing': str(SPACING)}
    return Recordings(
        folder / 'reference', folder / 'query', trainer, truth, CORRECT_WHEN, EVENT_TOPIC, 'events'
    )


def _along(drive: RenderedDrive, stamps_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the distances along the route at these times, in metres."""
    return np.asarray(np.interp(stamps_ns, drive.stamps_ns, drive.distances))


def _record(
    world: World, traverse: DriveConditions, drive: RenderedDrive, path: Path, name: str
) -> None:
    # The event camera model adds its own noise.
    look = replace(traverse.appearance, noise=0.0)
    camera, sensor = Camera(world, look, _SIZE), EventCamera(*_SIZE, traverse.seed)
    begin = int(drive.stamps_ns[0])
    odometry = _odometry(drive)
    stamp, pose = next(odometry)
    with BagWriter(path) as bag:
        frame_times = np.arange(begin, int(drive.stamps_ns[-1]), 10**9 // _FRAMES)
        seq = 0
        for now in tqdm(
            frame_times.tolist(), desc=f'recording {name} (events)', unit='frame', disable=None
        ):
            while stamp <= now:
                bag.write(
                    ODOMETRY_TOPIC, ODOMETRY, stamp, odometry_message(stamp, pose, 'base_link')
                )
                stamp, pose = next(odometry, (2**62, pose))
            x, y = (
                float(np.interp(now, drive.stamps_ns, drive.positions[:, axis])) for axis in (0, 1)
            )
            yaw = float(np.interp(now, drive.stamps_ns, np.unwrap(drive.yaws)))
            image = camera.render(x, y, yaw, np.random.default_rng(0))
            found = sensor.show(
                cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (now - begin) // 1000 + _SWITCHED_ON_US
            )
            if len(found.x):
                first = begin + (int(found.t_us[0]) - _SWITCHED_ON_US) * 1000
                packet = Packet(
                    'evt3', _SIZE[1], _SIZE[0], first, 'event_camera', encode_evt3(*found), seq=seq
                )
                bag.write(EVENT_TOPIC, PACKET, now, packet_message(packet))
                seq += 1


def _odometry(drive: RenderedDrive) -> Iterator[tuple[int, Pose]]:
    for stamp, (x, y), yaw in zip(
        drive.stamps_ns.tolist(), drive.positions.tolist(), drive.yaws.tolist()
    ):
        half = ((yaw + pi) % (2 * pi) - pi) / 2
        yield stamp, Pose((x, y, 0.0), (0.0, 0.0, sin(half), cos(half)), 'odom')
