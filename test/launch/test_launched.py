"""What the launch files start, as real processes: replay in simulated time, several cameras."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from support.launching import described, running
from support.ros import PATIENCE, Client, image_message

from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, read_message, stamp_ns


def _heard(client: Client, count: int) -> bool:
    return len(client.matches) >= count


def _rounds(client: Client) -> list[list[int]]:
    """Return the stamps of the matches in ns, cut where they jump back."""
    found: list[list[int]] = []
    for match in client.matches:
        stamp = stamp_ns(match.header)
        if not found or stamp < found[-1][-1]:
            found.append([])
        found[-1].append(stamp)
    return found


def test_cameras_are_recognised_together(street, tmp_path: Path) -> None:
    """One node of the launch file has one match for a frame of each camera."""
    started, _ = described('multi_camera.launch.py', cameras='front rear', map=str(street.map))
    frames = street.places()[:6]
    with (
        running(started, tmp_path) as processes,
        Client(image='/front/image_raw') as front,
        Client(image='/rear/image_raw') as rear,
    ):
        front.await_listener()
        rear.await_listener()
        for number, frame in enumerate(frames):
            pixels = np.ascontiguousarray(frame.image.pixels)
            front.publisher.publish(image_message(pixels, 'rgb8', frame.stamp_ns, 'front'))
            front.spin_for(0.1)
            rear.publisher.publish(image_message(pixels, 'rgb8', frame.stamp_ns + 1, 'rear'))
            front.spin_until(partial(_heard, front, number + 1), 'a match of both')
        front.spin_for(0.5)
        assert len(front.matches) == len(frames)
        assert front.matches[-1].results[0].class_id == str(len(frames) - 1)
        for process, log in processes:
            assert process.poll() is None, log.read_text()


def test_replay_in_simulated_time(street, tmp_path: Path) -> None:
    """A looping bag is recognised round after round by nodes that go by its clock."""
    topic = '/camera/image_raw'
    with BagReader(street.recordings.query) as bag:
        stamps = [stamp_ns(read_message(raw.data, IMAGE).header) for raw in bag.messages([topic])]
    started, _ = described(
        'replay.launch.py',
        bag=str(street.recordings.query),
        map=str(street.map),
        loop='true',
        odom='/odom',
    )
    nodes, waiting = started[:-1], started[-1]
    with Client(image=topic) as client, running(nodes, tmp_path) as processes:
        with running([waiting], tmp_path) as ((waiter, waited),):
            assert waiter.wait(PATIENCE) == 0, waited.read_text()
        assert '/vpr_node is active' in waited.read_text()
        with running(waiting.ended(0).started, tmp_path) as (player,):
            # A busy machine drops frames of each round.
            client.spin_until(
                lambda: len(found := _rounds(client)) > 1 and len(found[1]) > 5, 'a second round'
            )
            assert player[0].poll() is None, player[1].read_text()
        assert all(set(heard) <= set(stamps) for heard in _rounds(client))
        node_log, shown = (log.read_text() for _, log in processes)
        assert 'Traceback' not in node_log
        assert 'place' in shown
        assert client.parameter('use_sim_time') is True
