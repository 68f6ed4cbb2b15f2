"""The page of a map, without ROS: what it serves and to whom, and edits in a real browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE, forking
from support.browser import Page, large_map_page
from support.edited import bag_of, map_of, street_config, trained
from support.street import Street

from vprtempo_ros.demo.processes import command, running
from vprtempo_ros.maps.revisions import label
from vprtempo_ros.maps.store import load
from vprtempo_ros.tools.view_map import MapPage
from vprtempo_ros.view.map_server import MapServer

ATTACK = '<img src=x onerror="document.title=\'hacked\'">'


@pytest.fixture(scope='module')
def prepared(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of 9 places with poses and training data."""
    return map_of(street, range(9), tmp_path_factory.mktemp('map_page') / 'map')


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may edit."""
    return Path(shutil.copytree(prepared, tmp_path / 'map'))


@contextmanager
def served(folder: Path, editing: bool = True) -> Iterator[MapServer]:
    """Serve a map on a free port."""
    server = MapServer(MapPage(folder, editing), '127.0.0.1', 0)
    try:
        yield server
    finally:
        server.close()


def ask(
    server: MapServer, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any], bytes]:
    """Send a request as the page does; return status, JSON and bytes. Underscores are dashes."""
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=PATIENCE)
    sent = {name.replace('_', '-'): value for name, value in headers.items()}
    if body is None:
        connection.request('GET', path, headers=sent)
    else:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request('POST', path, data, {'Content-Type': 'application/json', **sent})
    response = connection.getresponse()
    content = response.read()
    found = json.loads(content) if response.headers['Content-Type'] == 'application/json' else {}
    connection.close()
    return response.status, found, content


def ready(server: MapServer) -> dict[str, Any]:
    """Wait for the outlook, and return it."""
    deadline = time.monotonic() + PATIENCE
    while (found := ask(server, '/outlook.json')[1])['state'] == 'computing':
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_what_is_served(folder: Path) -> None:
    """Places, revisions, outlook and thumbnails of the map."""
    with served(folder) as server:
        status, found, _ = ask(server, '/map.json')
        loaded = load(folder)
        assert status == 200
        assert found['places'] == len(found['points']) == 9
        pose = loaded.places[3].pose
        assert pose is not None
        assert found['points'][3] == pytest.approx(pose.position[:2], abs=0.01)
        assert (found['revision'], found['segments'], found['edits']) == (1, [9], [])
        assert found['editing']
        assert found['forgets']
        assert ready(server)['tested'] == list(range(9))
        assert ask(server, '/thumbnail.jpg?place=8')[2] == loaded.thumbnails[8]
        for path in ('/thumbnail.jpg?place=9', '/thumbnail.jpg?place=-1', '/thumbnail.jpg', '/no'):
            assert ask(server, path)[0] == 404
        for path in ('/', '/map.js', '/route_canvas.js', '/dom.js', '/map.css', '/theme.css'):
            assert ask(server, path)[0] == 200


def test_edits(folder: Path) -> None:
    """Label, forget and undo change the map on disk, and what is served follows."""
    with served(folder) as server:
        ready(server)
        assert ask(server, '/edit', {'action': 'label', 'places': '2', 'name': 'door'})[1] == {
            'revision': 2
        }
        assert ask(server, '/map.json')[1]['labels'] == {'2': 'door'}
        assert ask(server, '/edit', {'action': 'forget', 'places': '0,7-8'})[1] == {'revision': 3}
        found = ask(server, '/map.json')[1]
        assert (found['places'], found['labels'], found['undo']) == (6, {'1': 'door'}, True)
        assert len(ready(server)['tested']) == 6
        assert ask(server, '/edit', {'action': 'undo'})[1] == {'revision': 2}
        assert len(load(folder).places) == 9
        # Another program edits it.
        label(folder, 5, 'gate')
        assert ask(server, '/map.json')[1]['labels'] == {'2': 'door', '5': 'gate'}


@pytest.mark.parametrize(
    ('request_', 'message'),
    [
        ({'action': 'forget', 'places': '3-'}, 'expected places as numbers and ranges'),
        ({'action': 'forget', 'places': '44'}, 'expected places from 0 to 8, found 44'),
        ({'action': 'forget', 'places': '0-8'}, 'expected at least 2 places to be left'),
        ({'action': 'label', 'places': '1,2', 'name': 'a'}, 'expected one place to label'),
        ({'action': 'label', 'places': '1', 'name': 'a\nb'}, 'printable characters'),
        ({'action': 'label', 'places': 1}, 'expected places and name as texts'),
        ({'action': 'format'}, "expected label, forget or undo, found 'format'"),
        ([1], 'expected an edit as JSON'),
        (b'{', 'expected an edit as JSON'),
    ],
)
def test_edits_that_cannot_be_done(folder: Path, request_: Any, message: str) -> None:
    """They are answered with one line, and change nothing."""
    before = (folder / 'map.yaml').read_bytes()
    with served(folder) as server:
        status, found, _ = ask(server, '/edit', request_)
        assert status in (400, 409)
        assert message in found['error']
    assert (folder / 'map.yaml').read_bytes() == before


def test_who_may_edit(folder: Path) -> None:
    """No other site may, and no page that is served to other computers."""
    wanted = {'action': 'label', 'places': '2', 'name': 'door'}
    with served(folder) as server:
        for headers in (
            {'Sec_Fetch_Site': 'cross-site'},
            {'Host': 'example.com'},
            {'Content_Type': 'text/plain'},
            {'Content_Type': 'application/x-www-form-urlencoded'},
        ):
            assert ask(server, '/edit', wanted, **headers)[0] == 403
            assert ask(server, '/map.json', **headers)[0] in (200, 403)
        assert ask(server, '/map.json', None, Sec_Fetch_Site='cross-site')[0] == 403
        assert ask(server, '/label', wanted)[0] == 404
        assert ask(server, '/edit', b' ' * 70_000)[0] == 413
    with served(folder, editing=False) as server:
        assert not ask(server, '/map.json')[1]['editing']
        status, found, _ = ask(server, '/edit', wanted)
        assert status == 409
        assert 'only shows the map' in found['error']
    assert load(folder).labels == {}


def test_a_map_without_training_data(street: Street, tmp_path: Path) -> None:
    """It is shown, can be labelled, and says why it cannot forget places."""
    bag = bag_of(street.places()[:4], tmp_path / 'bag')
    folder = trained(street_config(bag, training__keep_samples=False), tmp_path / 'map')
    with served(folder) as server:
        found = ask(server, '/map.json')[1]
        assert found['editing']
        assert not found['forgets']
        assert 'holds no training data' in found['reason']
        assert ready(server)['tested'] == []
        assert ask(server, '/edit', {'action': 'label', 'places': '2', 'name': 'a'})[0] == 200


@contextmanager
def view(folder: Path, log: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `view --map` as a process on a free port; yields it and its address."""
    words = command('view', '--map', str(folder), '--port', '0')
    with log.open('w') as output, running(words, dict(os.environ), output, output) as process:
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(r'http://\S+', log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process, found[0]


@pytest.mark.process
def test_the_page_in_a_browser(folder: Path, tmp_path: Path, browser: Any) -> None:
    """An operator selects a place, labels it, forgets others and undoes that."""
    label(folder, 4, ATTACK)
    with view(folder, tmp_path / 'log') as (process, url):
        page = Page(browser, url)
        page.says('#phase', 'revision 2, 9 places$')
        page.says('#hint', 'in metres, frame odom')
        page.has('#alike li a')
        page.says('#labels', 'onerror')
        page.page.locator('#strip').click(position={'x': 10, 'y': 30})
        page.says('#place', '^0$')
        page.says('#facts', 'single frames')
        page.shows('#thumbnail')
        box = page.page.locator('#route').bounding_box()
        before = page.look()
        page.page.mouse.move(box['x'] + box['width'] / 2, box['y'] + box['height'] / 2)
        page.page.mouse.wheel(0, -400)
        page.page.wait_for_timeout(300)
        # The route is larger now.
        assert (page.look() != before).any()
        page.page.fill('#label', 'loading dock')
        page.page.click('#labelling button')
        page.says('#outcome', 'saved as revision 3')
        page.says('#labels', '0: loading dock')
        page.page.on('dialog', lambda dialog: dialog.accept())
        page.page.fill('#places', '7-8')
        page.page.click('#forgetting button')
        page.says('#phase', 'revision 4, 7 places')
        page.page.click('#undo')
        page.says('#phase', 'revision 3, 9 places')
        page.page.locator('#labels a').last.click()
        page.page.fill('#places', '0-8')
        page.page.click('#forgetting button')
        page.says('#outcome', 'expected at least 2 places to be left')
        assert page.page.title() == 'Map of places'
        assert page.problems == []
        assert all(address.startswith((url, 'data:')) for address in page.asked)
    assert process.returncode == 0
    assert load(folder).labels == {0: 'loading dock', 4: ATTACK}


@pytest.mark.process
def test_a_large_map_is_smooth(tmp_path: Path, browser: Any) -> None:
    """27,592 places are drawn in a few frames of the screen, also while they are moved."""
    with large_map_page(27_592) as url:
        page = Page(browser, url)
        page.says('#phase', '27592 places')
        box = page.page.locator('#route').bounding_box()
        x, y = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
        # Every drawing begins with a cleared canvas.
        page.page.evaluate(
            "() => { window.drawn = 0; const context = document.getElementById('route')"
            ".getContext('2d'); const clear = context.clearRect.bind(context);"
            'context.clearRect = (...box) => { window.drawn += 1; clear(...box); } }'
        )
        page.page.mouse.move(x, y)
        page.page.mouse.down()
        deadline = time.monotonic() + PATIENCE
        step = 0
        # A busy machine draws several moves at once.
        while page.page.evaluate('window.drawn') < 5:
            assert time.monotonic() < deadline
            step += 1
            page.page.mouse.move(x + 5 * (step % 20), y + step % 20)
        page.page.mouse.up()
        assert page.problems == []


@pytest.mark.process
@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('--map', '/no/such/map'), 'no such map'),
        (('--map', '/no/such/map', '--ros-args', '-r', '__node:=a'), 'no such map'),
        (('--map', '.', '--port', '99999'), '--port: expected a number from 0 to 65535'),
    ],
)
def test_one_line_for_what_cannot_be_shown(words: tuple[str, ...], message: str) -> None:
    """The command ends with status 1 and one line, and without ROS."""
    command = [sys.executable, '-m', 'vprtempo_ros.nodes.start', 'view', *words]
    done = forking.run(command, PATIENCE, dict(os.environ))
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
