"""Diagnostics of running nodes: problems of each component, with their causes and their end."""

from __future__ import annotations

import os
import shutil
from itertools import count, cycle, repeat
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from rclpy.qos import ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from support import ros
from support.ros import Client, image_message

SECOND = 10**9
OK, WARN, ERROR, STALE = (bytes([level]) for level in range(4))

# Problems are reported at once, and so is their end.
PROMPT = {
    'diagnostics.period': '0.1',
    'diagnostics.raise_after': '0.2',
    'diagnostics.clear_after': '0.3',
    'diagnostics.silence': '1.0',
}


class Camera:
    """Publishes an image again and again, each with a later stamp and a little noise."""

    def __init__(self, client: Client, pixels: Any, encoding: str = 'rgb8') -> None:
        self._client = client
        self.image = image_message(np.ascontiguousarray(pixels), encoding, 0)
        self.publisher = client.publisher
        self.seconds = count(1000)

    def shoot(self) -> None:
        """Publish the image, a second later than the last one."""
        self.image.header.stamp.sec = next(self.seconds)
        # Without noise it would be a frozen camera.
        self.image.data[0] ^= 1
        self.publisher.publish(self.image)

    def until(self, component: str, level: bytes, words: str = '') -> Any:
        """Publish until a component has a level and says some words; return its status."""
        self._client.statuses.clear()

        def found() -> list[Any]:
            return [
                status
                for status in self._client.statuses
                if status.name == f'/vpr_node: {component}'
                and status.level == level
                and words in status.message
            ]

        self._client.feed(self.shoot, lambda: bool(found()), f'{component} {level!r} {words!r}')
        return found()[-1]


@pytest.fixture
def running(street, tmp_path: Path) -> Any:
    """Return a context of a node with the street's map and a camera that it hears."""
    from contextlib import contextmanager

    @contextmanager
    def run(**parameters: Any) -> Any:
        given = {
            'map': street.map,
            'match.min_confidence': 0.0,
            **PROMPT,
            **{key.replace('__', '.'): value for key, value in parameters.items()},
        }
        with ros.node(tmp_path, 'vpr_node', parameters=given) as process, Client() as client:
            client.await_listener()
            yield process, client, Camera(client, street.places()[0].image.pixels)
            assert 'Traceback' not in process.output()

    return run


def test_all_components_ok(running: Callable[..., Any]) -> None:
    """While places are recognised every component is OK, under names that tools group."""
    with running() as (_, client, camera):
        for component in ('input', 'recognition', 'backend', 'map', 'clock'):
            camera.until(component, OK)
        newest = {status.name for status in client.statuses}
        assert newest == {
            f'/vpr_node: {component}'
            for component in ('input', 'recognition', 'backend', 'map', 'clock')
        }


def test_silence_and_its_end(running: Callable[..., Any]) -> None:
    """A camera that stops is an error with its publisher; recognition is stale; both clear."""
    with running() as (_, client, camera):
        camera.until('recognition', OK)
        status = client.component('input', lambda status: status.level == ERROR, 'an error')
        assert status.message.startswith('no image for ')
        assert '/test_client publishes it, but nothing arrives' in status.message
        client.component('recognition', lambda status: status.level == STALE, 'stale')
        camera.until('input', OK)
        camera.until('recognition', OK)


def test_reasons_for_silence(street, tmp_path: Path) -> None:
    """No publisher, one of another type, or one of less reliability than requested."""
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={'map': street.map, 'input.reliability': 'reliable', **PROMPT},
            remap={'image': '/front'},
        ),
        Client() as client,
    ):
        client.component(
            'input',
            lambda status: (
                status.level == ERROR
                and (
                    'no image for' in status.message
                    and 'on /front: no node publishes it' in status.message
                )
            ),
            'no publisher',
        )
        with Client() as weak:
            weak.more_publishers(Image, '/front', ReliabilityPolicy.BEST_EFFORT)
            client.component(
                'input',
                lambda status: (
                    '/test_client publishes it best_effort, input.reliability asks for reliable'
                    in status.message
                ),
                'the reliability',
            )
        client.more_publishers(CompressedImage, '/front', ReliabilityPolicy.RELIABLE)
        client.component(
            'input',
            lambda status: (
                'publishes it as sensor_msgs/msg/CompressedImage, expected sensor_msgs/msg/Image'
                in status.message
            ),
            'the type',
        )


def test_slow_images(running: Callable[..., Any]) -> None:
    """A rate below diagnostics.min_rate, which may be set while images come."""
    with running() as (_, client, camera):
        camera.until('input', OK)
        assert client.set_parameter('diagnostics.min_rate', 500.0).successful
        camera.until('input', WARN, 'expected at least 500 per second (diagnostics.min_rate)')
        assert client.set_parameter('diagnostics.min_rate', 0.0).successful
        camera.until('input', OK)


def test_thresholds_are_checked(running: Callable[..., Any]) -> None:
    """A threshold out of its range is refused while it runs, and the period changes at once."""
    with running() as (_, client, camera):
        for name, value in (
            ('min_rate', -1.0),
            ('max_load', 0.0),
            ('max_bad', 1.5),
            ('lost_after', float('nan')),
            ('period', 0.0),
        ):
            result = client.set_parameter(f'diagnostics.{name}', value)
            assert not result.successful
            assert f'diagnostics.{name}' in result.reason
        assert client.set_parameter('diagnostics.period', 60.0).successful
        client.await_discovery()
        client.spin_for(0.5)
        client.statuses.clear()
        client.spin_for(1.0)
        assert not client.statuses
        assert client.set_parameter('diagnostics.period', 0.1).successful
        camera.until('input', OK)


def test_unknown_encoding(running: Callable[..., Any]) -> None:
    """If no image is usable, the reason is an error; good images clear it."""
    with running() as (_, _, camera):
        good = camera.image.encoding
        camera.image.encoding = 'klingon8'
        camera.until('input', ERROR, "unknown encoding 'klingon8'")
        camera.image.encoding = good
        camera.until('input', OK)


def test_two_publishers_of_different_sizes(street, running: Callable[..., Any]) -> None:
    """Images of the map's size are matched; the others are counted, and both publishers named."""
    with running() as (_, client, camera), Client() as other:
        small = Camera(other, street.places()[0].image.pixels[::2, ::2])
        other.await_listener()

        turns = count()

        def both() -> None:
            # In turn: a busy node works on the newest of those that wait.
            (camera, small)[next(turns) % 2].shoot()

        client.feed(
            both,
            lambda: any(
                status.level == WARN
                and 'expected 640x480 pixels as in the map, found 320x240' in status.message
                and '2 publishers on /image (/test_client, /test_client)' in status.message
                for status in client.statuses
            ),
            'a warning with both sizes',
        )
        client.matches.clear()
        client.values.clear()

        def counted() -> bool:
            return any(int(values.get('frames bad', 0)) > 5 for values in client.values)

        client.feed(both, lambda: len(client.matches) > 5 and counted(), 'answers and bad frames')
        assert any('found 320x240' in key for values in client.values for key in values)
        camera.until('input', OK)


def test_lost(running: Callable[..., Any]) -> None:
    """Unknown for long is a warning, and over when places are known again."""
    with running(diagnostics__lost_after=1.0) as (_, client, camera):
        client.feed(camera.shoot, lambda: any(match.results for match in client.matches), 'a match')
        camera.until('recognition', OK)
        assert client.set_parameter('match.min_confidence', 1.0).successful
        status = camera.until('recognition', WARN, 'lost: ')
        assert 'the last place was 0' in status.message
        assert client.set_parameter('match.min_confidence', 0.0).successful
        camera.until('recognition', OK)


def test_slow_backend(slow_map: Path, tmp_path: Path) -> None:
    """A backend that cannot keep up is reported, with its time per frame."""
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64)).astype(np.uint8)
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': slow_map,
                'input.reliability': 'reliable',
                'input.depth': 1000,
                # Exceeded on any machine.
                'diagnostics.max_load': 0.05,
                **PROMPT,
            },
        ),
        Client() as client,
    ):
        client.await_listener()
        camera = Camera(client, pixels, 'mono8')

        def burst() -> None:
            for _ in range(50):
                camera.shoot()

        def warnings(words: str) -> list[Any]:
            return [
                status
                for status in client.statuses
                if status.level == WARN
                and status.name == '/vpr_node: backend'
                and words in status.message
            ]

        client.feed(burst, lambda: bool(warnings('cannot keep up: ')), 'frames dropped')
        assert 'frames dropped in' in warnings('cannot keep up: ')[-1].message
        client.feed(burst, lambda: bool(warnings('slow: busy ')), 'a slow backend')
        assert '(diagnostics.max_load)' in warnings('slow: busy ')[-1].message
        client.component('backend', lambda status: status.level == OK, 'an end')


def test_map_that_goes_while_it_is_loaded(street, tmp_path: Path) -> None:
    """The node goes on from memory, warns that a restart would fail, and sees the folder return."""
    folder, aside = tmp_path / 'map', tmp_path / 'aside'
    shutil.copytree(street.map, folder)
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': folder, 'reload': 'false', **PROMPT}
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        camera = Camera(client, street.places()[0].image.pixels)
        camera.until('map', OK)
        folder.rename(aside)
        camera.until('map', WARN, f'{folder} is gone')
        client.matches.clear()
        client.feed(camera.shoot, lambda: len(client.matches) > 3, 'answers without the folder')
        assert client.matches[-1].results[0].class_id == '0'
        aside.rename(folder)
        camera.until('map', OK)
        # Written again, as by training with overwrite.
        shutil.rmtree(folder)
        shutil.copytree(street.map, folder)
        os.utime(folder / 'map.yaml', ns=(1, 1))
        camera.until('map', WARN, 'has been replaced')
        assert 'Traceback' not in process.output()


def test_a_recording_that_starts_again(street, running: Callable[..., Any]) -> None:
    """Stamps that jump back are reported once in the log and for a while in the diagnostics."""
    with running() as (process, client, camera):
        frames = street.frames('query')
        for frame in frames[:12]:
            client.ask(ros.frame_message(frame))
        first = [ros.answer_of(match) for match in client.matches]
        client.matches.clear()
        client.statuses.clear()
        for frame in frames[:12]:
            client.ask(ros.frame_message(frame))
        again = [ros.answer_of(match) for match in client.matches]
        # Without memory of the first round the second has the same places; the statistics of the
        # pixels are kept, so that confidences may differ, and the median of the belief by a place.
        best, expected = ([places[0] for places, _ in answers] for answers in (again, first))
        np.testing.assert_allclose(best, expected, atol=1)
        assert expected[-1] - expected[0] > 3
        client.spin_until(
            lambda: any(
                status.name == '/vpr_node: clock'
                and status.level == WARN
                and 'stamps jumped back by ' in status.message
                for status in client.statuses
            ),
            'the jump',
        )
        values = client.status(
            lambda status, values: status.name == '/vpr_node: clock' and status.level == OK,
            'its end',
        )
        assert values['time jumps'] == '1'
        assert process.output().count('stamps jumped back by') == 1


def test_simulated_time_without_clock(running: Callable[..., Any]) -> None:
    """With use_sim_time and no /clock frames are matched, and the diagnostics report it."""
    with running(use_sim_time='true') as (_, client, camera):
        camera.until('clock', WARN, 'use_sim_time is set but no /clock is received')
        client.matches.clear()
        client.feed(camera.shoot, lambda: len(client.matches) > 3, 'answers without a clock')
        clock = client.more_publishers(Clock, '/clock', ReliabilityPolicy.RELIABLE)
        ticks = count(1)

        def tick() -> None:
            message = Clock()
            message.clock.sec, message.clock.nanosec = divmod(next(ticks) * SECOND // 20, SECOND)
            clock.publish(message)
            camera.shoot()

        client.statuses.clear()
        client.feed(
            tick,
            lambda: any(
                status.name == '/vpr_node: clock' and status.level == OK
                for status in client.statuses
            ),
            'time',
        )
        camera.until('clock', WARN, 'simulated time has not advanced for ')


def test_stamps_that_stand_still(running: Callable[..., Any]) -> None:
    """With stamps that do not say when, receive times are used, which log and diagnostics say."""
    with running() as (process, client, camera):
        camera.seconds = repeat(1000)
        said = 'has the same stamp in all messages: receive times are used'
        camera.until('clock', WARN, said)
        process.wait_for(f'image {said}')


def alternate(camera: Any) -> None:
    """Let every other image be of another camera."""
    names, shoot = cycle(('left', 'right')), camera.shoot

    def either() -> None:
        camera.image.header.frame_id = next(names)
        shoot()

    camera.shoot = either


def test_two_cameras_of_one_size(running: Callable[..., Any]) -> None:
    """They are known by the coordinate frames of their images."""
    with running() as (_, client, camera):
        alternate(camera)
        camera.until('input', WARN, 'images of several coordinate frames on /image (left, right)')


def test_one_of_two_cameras(running: Callable[..., Any]) -> None:
    """input.frame_id chooses it; the others are said once, and counted."""
    with running(input__frame_id='left') as (process, client, camera):
        alternate(camera)
        said = (
            "/image: messages of other coordinate frames than 'left' (input.frame_id) are left "
            "out, such as one of 'right'"
        )
        client.feed(camera.shoot, lambda: said in process.output(), said)
        counted = 'images of other coordinate frames'

        def is_counted() -> bool:
            return any(
                value.key == counted and int(value.value) >= 1
                for status in client.statuses
                for value in status.values
                if status.level == OK
            )

        client.feed(camera.shoot, is_counted, counted)
        assert process.output().count('are left out') == 1


def test_two_nodes_of_one_name(running: Callable[..., Any]) -> None:
    """The status of the matches says so, after the half minute for which DDS knows a dead one."""
    context = ros.rclpy.Context()
    ros.rclpy.init(context=context)
    twin = ros.rclpy.create_node('vpr_node', context=context)
    try:
        with running() as (_, client, _camera):
            client.component(
                'recognition',
                # Without images, which would take time, this is not the only word.
                lambda status: '2 nodes are called /vpr_node, so their matches' in status.message,
                'a word on two nodes of one name',
            )
    finally:
        twin.destroy_node()
        context.try_shutdown()


def test_inactive_and_unconfigured(street, tmp_path: Path) -> None:
    """An inactive node needs no input; without a map the reason is an error."""
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': street.map, 'autostart': 'false', **PROMPT}
        ),
        Client() as client,
    ):
        client.component(
            'map',
            lambda status: status.level == ERROR and status.message == 'no map: not configured',
            'no map yet',
        )
        assert client.change(ros.CONFIGURE)
        client.component('map', lambda status: status.level == OK, 'the map')
        client.component(
            'input', lambda status: status.level == OK and status.message == 'inactive', 'inactive'
        )
