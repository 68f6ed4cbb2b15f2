"""The live page's server: what it serves, to whom, and that no client can block it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import PATIENCE

from vprtempo_ros.errors import VprError
from vprtempo_ros.view.http import CONNECTIONS
from vprtempo_ros.view.server import ViewServer
from vprtempo_ros.view.state import LiveState

NODE = '/vpr_node'


@pytest.fixture
def live() -> LiveState:
    """Return a state in which a place was matched."""
    state = LiveState(NODE)
    state.set_present(True)
    state.set_places('map', np.array([[0.0, 0, 0], [1, 0, 0], [2, 1, 0]]))
    state.set_match(10**9, (1, 2), (0.9, 0.4))
    return state


@pytest.fixture
def server(live: LiveState) -> Iterator[ViewServer]:
    """Return it served on a free port."""
    serving = ViewServer(live, '127.0.0.1', 0)
    yield serving
    serving.close()


def get(server: ViewServer, path: str, **headers: str) -> http.client.HTTPResponse:
    """Send a request as a browser does; underscores stand for dashes."""
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=PATIENCE)
    connection.request(
        'GET', path, headers={name.replace('_', '-'): value for name, value in headers.items()}
    )
    return connection.getresponse()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Stream:
    """A client of the stream of events."""

    def __init__(self, server: ViewServer) -> None:
        self.response = get(server, '/events')
        assert self.response.status == 200

    def event(self) -> dict[str, Any]:
        """Return the next event."""
        while not (line := self.response.readline()).startswith(b'data: '):
            assert line, 'the stream has ended'
        return dict(json.loads(line[6:]))

    def until(self, name: str) -> Any:
        """Return the next value of a part."""
        while name not in (event := self.event()):
            pass
        return event[name]


@pytest.mark.parametrize(
    ('path', 'kind'),
    [
        ('/', 'text/html'),
        ('/page.js', 'text/javascript'),
        ('/dom.js', 'text/javascript'),
        ('/style.css', 'text/css'),
        ('/theme.css', 'text/css'),
    ],
)
def test_the_page_is_complete_in_itself(server: ViewServer, path: str, kind: str) -> None:
    """Every file is served with its type, without external references or foreign scripts."""
    response = get(server, path)
    assert response.status == 200
    assert response.headers['Content-Type'].startswith(kind)
    policy = response.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert response.headers['Access-Control-Allow-Origin'] is None
    assert b'http' not in response.read().replace(b'http-equiv', b'')


def test_parts_are_sent_once_and_when_they_change(server: ViewServer, live: LiveState) -> None:
    """A client gets all parts first, then only those that change."""
    assert not server.watched
    stream = Stream(server)
    first = stream.event()
    assert server.watched
    assert {'phase', 'match', 'route', 'belief', 'strip', 'statuses', 'about'} <= set(first)
    assert first['match'] == {
        'place': 'place 1',
        'confidence': 0.9,
        'then': '2 (0.40)',
        'stamp': '1.00 s',
    }
    assert first['phase'] == {'level': 'ok', 'text': 'live'}
    seen = [stream.event() for _ in range(5)]
    assert not any('route' in event or 'match' in event for event in seen)
    live.set_match(2 * 10**9, (), ())
    assert stream.until('match')['place'] == 'unknown place'
    stream.response.close()
    until(lambda: not server.watched)


def test_many_clients_and_bounded_rate(server: ViewServer, live: LiveState) -> None:
    """Ten clients get the same, at most ten times a second at any rate of matches."""
    streams = [Stream(server) for _ in range(10)]
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.wait(0.002):
            number += 1
            live.set_match(number, (number % 3,), (0.5,))

    writer = threading.Thread(target=publish)
    started = time.monotonic()
    writer.start()
    try:
        for stream in streams:
            stream.event()
        for _ in range(20):
            streams[0].event()
        assert time.monotonic() - started > 1.5
        for stream in streams[1:]:
            assert stream.until('match')['place'].startswith('place')
    finally:
        stop.set()
        writer.join()
    # A minute at a step of 0.05 s, at any rate of matches.
    assert len(live.state.history) <= 1201


def test_what_cannot_be_drawn_is_said(server: ViewServer, live: LiveState) -> None:
    """An error in drawing ends neither the stream nor the view; the next state is shown."""
    stream = Stream(server)
    stream.event()
    good = live.state.positions
    live._change(lambda state: replace(state, positions='no array'))
    assert stream.until('phase')['level'] == 'error'
    live._change(lambda state: replace(state, positions=good))
    assert stream.until('phase')['level'] != 'error'


@pytest.mark.parametrize(
    'host',
    [
        'evil.example',
        'evil.example:8765',
        '127.0.0.1.evil.example',
        '',
        '[',
        '127.0.0.1@evil.example/',
    ],
)
def test_names_that_others_point_here_are_refused(server: ViewServer, host: str) -> None:
    """A page of another site whose name points here (DNS rebinding) reads nothing."""
    for path in ('/', '/events', '/match.jpg'):
        assert get(server, path, Host=host).status == 403


@pytest.mark.parametrize(
    'host', ['127.0.0.1', 'localhost:99', 'LOCALHOST', '[::1]:8765', socket.gethostname()]
)
def test_own_names_are_served(server: ViewServer, host: str) -> None:
    """Requests to addresses and names of this machine are served."""
    assert get(server, '/', Host=host).status == 200


@pytest.mark.parametrize(
    ('site', 'status'),
    [('cross-site', 403), ('same-site', 403), ('same-origin', 200), ('none', 200)],
)
def test_other_sites_may_not_ask(server: ViewServer, site: str, status: int) -> None:
    """What a page of another site has the browser fetch is refused."""
    for path in ('/', '/events', '/style.css'):
        assert get(server, path, Sec_Fetch_Site=site).status == status


def test_links_lead_here(server: ViewServer) -> None:
    """A link of another site opens the page, but no data, and not in a frame."""
    assert get(server, '/', Sec_Fetch_Site='cross-site', Sec_Fetch_Dest='document').status == 200
    assert get(server, '/', Sec_Fetch_Site='cross-site', Sec_Fetch_Dest='iframe').status == 403
    for path in ('/events', '/match.jpg'):
        response = get(server, path, Sec_Fetch_Site='cross-site', Sec_Fetch_Dest='document')
        assert response.status == 403


def test_unknown_paths(server: ViewServer, live: LiveState) -> None:
    """Other paths and methods are refused; a picture is served once there is one."""
    for path in ('/../setup.py', '/page/index.html', '/%2e%2e/x', '/match.jpg'):
        assert get(server, path).status == 404
    live.set_picture(b'jpeg', 2, 1)
    response = get(server, '/match.jpg?7')
    assert (response.status, response.read()) == (200, b'jpeg')
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=PATIENCE)
    connection.request('POST', '/', b'x')
    assert connection.getresponse().status == 501


def served(server: ViewServer) -> bool:
    """Return whether a request is served now."""
    try:
        return get(server, '/').status == 200
    except (ConnectionError, http.client.HTTPException):
        return False


def test_connections_are_limited(server: ViewServer) -> None:
    """Connections beyond the limit are refused; when others close, requests are served again."""
    held = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(CONNECTIONS)]
    # Waiting connections are dropped later, not as soon as this.
    until(lambda: not served(server))
    for connection in held:
        connection.close()
    until(lambda: served(server))


def test_a_client_that_does_not_read_blocks_no_other(server: ViewServer, live: LiveState) -> None:
    """While one client reads nothing, another gets the changes."""
    stuck = socket.create_connection(('127.0.0.1', server.port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    stuck.sendall(b'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    rng = np.random.default_rng(0)
    stream = Stream(server)
    for number in range(20):
        live.set_belief('map', rng.random((3000, 3)), rng.random(3000).astype(np.float32))
        live.set_match(number, (number,), (0.5,))
        while stream.until('match')['place'] != f'place {number}':
            pass
    stuck.close()


def test_dns_is_not_asked(live: LiveState, monkeypatch: pytest.MonkeyPatch) -> None:
    """A robot without a network does not wait for a lookup of its own name."""
    for name in ('getfqdn', 'gethostbyaddr'):
        monkeypatch.setattr(socket, name, lambda *names: pytest.fail(f'asked for {names}'))
    serving = ViewServer(live, '0.0.0.0', 0)
    assert get(serving, '/').status == 200
    serving.close()


def test_a_taken_port_is_one_line(server: ViewServer, live: LiveState) -> None:
    """The message names the address and the option."""
    with pytest.raises(VprError, match=rf'127.0.0.1:{server.port}: .*--port') as caught:
        ViewServer(live, '127.0.0.1', server.port)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('host', ['192.0.2.1', 'a' * 64 + '.invalid'])
def test_an_address_of_another_computer_is_one_line(live: LiveState, host: str) -> None:
    """The message says what --host takes, since no other port would help."""
    with pytest.raises(VprError, match='--host takes an address of this computer') as caught:
        ViewServer(live, host, 0)
    assert '\n' not in str(caught.value)
