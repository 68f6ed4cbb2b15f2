"""The live page in a real browser, with a real vpr_node on real frames."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from support import ros
from support.browser import Page
from support.ros import PATIENCE, SINGLE, Client, Process, frame_message, image_message

ATTACK = '<img src=x onerror="document.title=\'hacked\'"><script>document.title="hacked"</script>'


@contextmanager
def view(tmp_path: Path, *arguments: str, **parameters: Any) -> Iterator[tuple[Process, str]]:
    """Run the view on a free port; yields the process and its address."""
    with ros.node(tmp_path, 'view', '--port', '0', *arguments, **parameters) as process:
        process.wait_for(r'http://')
        found = re.search(r'http://\S+', process.output())
        assert found
        yield process, found[0]


def has_picture(url: str) -> bool:
    """Return whether the view has a picture to show."""
    try:
        with urllib.request.urlopen(f'{url}/match.jpg', timeout=PATIENCE):
            return True
    except urllib.error.HTTPError:
        return False


def settings(street: Any) -> dict[str, Any]:
    return {'map': street.map, **SINGLE}


def test_the_page_follows_the_node(street, tmp_path: Path, browser: Any) -> None:
    """It waits for the node, shows its matches, notices its end, and finds its successor."""
    places = street.places()
    with view(tmp_path) as (process, url), Client() as client:
        page = Page(browser, url)
        page.says('#phase', 'waiting for /vpr_node')
        with ros.node(tmp_path, 'vpr_node', parameters=settings(street)):
            page.says('#phase', 'waiting for its first result')
            # The route is shown before any frame.
            page.has('#route svg path')
            page.says('#map', re.escape(str(street.map)))
            client.await_listener()
            stamp = 10**9

            def show(place: int) -> None:
                nonlocal stamp
                stamp += 10**8
                client.ask(frame_message(places[place], stamp))

            # Outputs made on demand begin with the frames after the view has subscribed.
            for name in ('belief', 'match_image'):
                client.spin_until(
                    lambda name=name: client.listeners(f'/vpr_node/{name}') > 0, f'a view of {name}'
                )
            show(3)
            page.says('#place', '^place 3$')
            page.says('#phase', '^live$')
            page.says('#over svg', 'place 3')
            show(8)
            page.says('#place', '^place 8$')
            page.says('#confidence', r'^[01]\.\d\d$')
            page.shows('#picture')
            page.has('#belief path[stroke="var(--match)"], #belief path[fill="var(--match)"]')
            page.has('#strip path[stroke^="var(--c"]')
            # On a busy machine the last frame may be long ago.
            page.says('#statuses summary', '^ok *receiving|^error *no image')
            page.page.locator('#statuses summary').first.click()
            shot = page.look()
            assert shot.std() > 10
            # The query's picture is in it: more colours than the page has of its own.
            assert len(np.unique(shot.reshape(-1, 3), axis=0)) > 1000
            # It requested nothing from other hosts.
            assert {address.split('/')[2] for address in page.asked} == {url.split('/')[2]}
            assert {'/match.jpg'} <= {
                address.split('?')[0].removeprefix(url) for address in page.asked
            }
        page.says('#phase', 'waiting for /vpr_node')
        page.says('#place', '–')
        with ros.node(tmp_path, 'vpr_node', parameters=settings(street)):
            page.says('#phase', 'waiting for its first result')
            client.await_listener()
            show(5)
            page.says('#place', '^place 5$')
            assert client.set_parameter('match.min_confidence', 1.0).successful
            show(5)
            page.says('#place', '^unknown place$')
        assert not page.problems
        assert process.end() == 0
        page.says('#phase', 'no connection to view')
        page.page.close()


def test_light_dark_and_small(street, tmp_path: Path, browser: Any) -> None:
    """Both themes differ in ground and ink, and on a telephone nothing is cut off."""
    with view(tmp_path) as (_, url), ros.node(tmp_path, 'vpr_node', parameters=settings(street)):
        brightness = []
        for scheme in ('light', 'dark'):
            page = Page(browser, url, color_scheme=scheme)
            page.has('#route svg path')
            brightness.append(page.look().mean())
            page.page.set_viewport_size({'width': 360, 'height': 800})
            box = page.page.locator('main').bounding_box()
            assert box['width'] <= 360
            for part in ('#match', '#route', '#belief', '#health'):
                found = page.page.locator(part).bounding_box()
                assert found['x'] >= 0
                assert found['x'] + found['width'] <= 360
            page.page.close()
        assert brightness[0] > 200
        assert brightness[1] < 60


def test_text_of_messages_is_not_run(tmp_path: Path, browser: Any) -> None:
    """HTML in diagnostics, frame ids and class ids is shown as text and has no effect."""
    import rclpy
    from geometry_msgs.msg import Point, PoseWithCovarianceStamped
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import Header
    from vision_msgs.msg import Classification, ObjectHypothesis, VisionInfo
    from visualization_msgs.msg import Marker, MarkerArray

    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('attacker', context=context)
    latched = QoSProfile(depth=5, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    route = MarkerArray(
        markers=[
            Marker(
                ns='places',
                header=Header(frame_id=ATTACK),
                points=[Point(x=float(n), y=float(n * n)) for n in range(4)],
            )
        ]
    )
    status = DiagnosticStatus(
        name=f'/vpr_node: {ATTACK}',
        level=DiagnosticStatus.WARN,
        message=ATTACK,
        values=[KeyValue(key=ATTACK, value=ATTACK)],
    )
    match = Classification(results=[ObjectHypothesis(class_id=ATTACK, score=float('nan'))])
    pose = PoseWithCovarianceStamped(header=Header(frame_id=ATTACK))
    info = VisionInfo(method=ATTACK, database_location=ATTACK)
    messages = [
        (node.create_publisher(kind, topic, qos), message)
        for kind, topic, qos, message in (
            (MarkerArray, '/vpr_node/markers', latched, route),
            (VisionInfo, '/vpr_node/info', latched, info),
            (DiagnosticArray, '/diagnostics', 10, DiagnosticArray(status=[status])),
            (Classification, '/vpr_node/match', 10, match),
            (PoseWithCovarianceStamped, '/vpr_node/pose', 10, pose),
        )
    ]
    try:
        with view(tmp_path) as (process, url):
            page = Page(browser, url)
            shown = '#statuses summary', '#route svg', '#method', '#map'
            deadline = time.monotonic() + PATIENCE
            rounds = count()

            def is_shown(where: str) -> bool:
                return '<script>' in (page.page.locator(where).first.text_content() or '')

            # Longer on a busy machine, where the view may not have subscribed to all yet.
            while next(rounds) < 30 or (
                time.monotonic() < deadline and not all(map(is_shown, shown))
            ):
                for publisher, message in messages:
                    publisher.publish(message)
                page.page.wait_for_timeout(100)
            for where in shown:
                page.says(where, re.escape('<script>'))
            # The script of the page itself is all there is, and no image besides its own.
            assert page.page.locator('script').count() == 1
            assert page.page.locator('img').count() == 1
            assert 'hacked' not in page.page.title()
            assert not page.problems
            page.page.close()
            assert 'Traceback' not in process.output()
    finally:
        node.destroy_node()
        context.try_shutdown()


def test_no_subscription_without_a_client(street, tmp_path: Path) -> None:
    """Belief and pictures are subscribed to only while a client is connected."""
    with (
        view(tmp_path) as (_, url),
        Client() as client,
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}),
    ):
        client.await_listener()

        def listeners() -> int:
            return sum(client.listeners(f'/vpr_node/{name}') for name in ('belief', 'match_image'))

        client.spin_for(1.5)
        assert listeners() == 0
        with urllib.request.urlopen(f'{url}/events', timeout=PATIENCE) as stream:
            stream.readline()
            client.spin_until(lambda: listeners() == 2, 'a view that listens')
        client.spin_until(lambda: listeners() == 0, 'a view that listens no longer')


def test_another_namespace_and_a_picture_at_the_end(street, tmp_path: Path) -> None:
    """The node may have a namespace; with --picture a picture of the last match is written."""
    picture = tmp_path / 'view.svg'
    remap = {'__ns': '/front', 'image': '/image'}
    with (
        view(tmp_path, '--node', '/front/vpr_node', '--picture', str(picture)) as (shown, url),
        ros.node(tmp_path, 'vpr_node', parameters=settings(street), remap=remap),
        Client('/front/vpr_node') as client,
    ):
        client.await_listener()
        client.spin_until(lambda: client.listeners('/front/vpr_node/match_image') > 0, 'the view')
        stamps = count(10**9, 2 * 10**8)
        client.feed(
            lambda: client.publisher.publish(frame_message(street.places()[4], next(stamps))),
            lambda: has_picture(url) and any(match.results for match in client.matches),
            'a picture in the view',
            rate=5.0,
        )
        with urllib.request.urlopen(f'{url}/events', timeout=PATIENCE) as stream:
            while b'place 4' not in stream.readline():
                pass
        assert shown.end() == 0
        drawn = picture.read_text()
        assert 'place 4' in drawn
        assert 'data:image/jpeg;base64,' in drawn
        assert '/front/vpr_node' in drawn


def test_pictures_of_any_size(tmp_path: Path) -> None:
    """An image larger than a match image is ignored, and the one before stays."""
    drawn = tmp_path / 'view.svg'
    with (
        view(tmp_path, '--picture', str(drawn)) as (shown, url),
        Client(image='/vpr_node/match_image') as client,
    ):
        client.spin_until(lambda: client.publisher.get_subscription_count() > 0, 'the view')
        widths = count()

        def send() -> None:
            width = (6, 5000, 70000)[next(widths) % 3]
            client.publisher.publish(
                image_message(np.zeros((2, width, 3), np.uint8), 'rgb8', 10**9)
            )

        client.feed(send, lambda: has_picture(url), 'a picture in the view', rate=10.0)
        for _ in range(15):
            send()
            client.spin_for(0.1)
        assert shown.end() == 0
        assert 'Traceback' not in shown.output()
    assert '<image width="6" height="2"' in drawn.read_text()


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--node', 'no node'], '--node no node: expected the name of a node'),
        (['--node', '{robot}'], 'expected the name of a node'),
        (['--host', '203.0.113.7', '--port', '0'], 'cannot listen on it'),
    ],
)
def test_mistakes_are_one_line(
    capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Each ends the view with one line and status 1."""
    ended = ros.refused(capfd, 'view', *arguments)
    assert ended.status == 1
    assert words in ended.output
    assert len(ended.output.strip().splitlines()) == 1


def test_a_mistake_of_a_process(tmp_path: Path) -> None:
    """There is no more than that line."""
    with ros.node(tmp_path, 'view', '--port', '99999') as process:
        assert process.process.wait(PATIENCE) == 1
        assert 'expected a number from 0 to 65535' in process.output()
        assert len(process.output().strip().splitlines()) == 1


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """A second view on the same port says so in one line."""
    with (
        view(tmp_path) as (_, url),
        ros.node(tmp_path, 'view', '--port', url.rpartition(':')[2]) as second,
    ):
        assert second.process.wait(PATIENCE) == 1
        assert 'choose another --port' in second.output()
        assert len(second.output().strip().splitlines()) == 1


def test_a_view_that_is_watched_ends_at_once(tmp_path: Path) -> None:
    """SIGINT ends it, clients or not, and leaves no process."""
    with view(tmp_path) as (process, url):
        children = psutil.Process(process.process.pid).children()
        with urllib.request.urlopen(f'{url}/events', timeout=PATIENCE) as stream:
            stream.readline()
            assert process.end() == 0
        assert not children
