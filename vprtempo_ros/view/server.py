"""
The live page over HTTP, with the standard library only: a few files and a stream of events.

The page only receives, so server-sent events suffice: browsers reconnect automatically, and a
robot needs no web framework.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socketserver import TCPServer
from urllib.parse import urlsplit

from ..errors import VprError
from .feed import Feed
from .state import LiveState
from .theme import css

# Maximum number of connections; browsers keep some open besides their stream.
_CONNECTIONS = 64
# Time within which a client must accept what it is sent, in seconds.
_SEND_TIMEOUT = 10.0

_FILES = {
    '/': ('index.html', 'text/html; charset=utf-8'),
    '/page.js': ('page.js', 'text/javascript; charset=utf-8'),
    '/style.css': ('style.css', 'text/css; charset=utf-8'),
}
# As socketserver hands requests over.
_Request = socket.socket | tuple[bytes, socket.socket]

# No external resources, only the page's own script; other sites may not embed or read it.
_HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}


class ViewServer:
    """Serves the state of a node until it is closed."""

    def __init__(self, live: LiveState, host: str, port: int) -> None:
        """
        Listen, and serve in background threads.

        :raises VprError: if the address cannot be bound.
        """
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, 'strerror', None) or str(error)
            remedy = (
                'is another view running? choose another --port'
                if getattr(error, 'errno', None) in (errno.EADDRINUSE, errno.EACCES)
                else '--host takes an address of this computer, or 0.0.0.0 for all of them'
            )
            raise VprError(f'{host}:{port}: cannot listen on it ({reason}); {remedy}') from None
        self._server.live, self._server.feed = live, Feed(live)
        machine = socket.gethostname().lower()
        self._server.names = {host.lower(), 'localhost', machine, f'{machine}.local'}
        self.port = int(self._server.server_address[1])
        self.url = f'http://{f"[{host}]" if ":" in host else host}:{self.port}'
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            name='http',
            kwargs={'poll_interval': 0.1},
            daemon=True,
        )
        self._thread.start()

    @property
    def watched(self) -> bool:
        """Whether any browser is connected."""
        return self._server.feed.watched

    def close(self) -> None:
        """Disconnect all clients and stop listening."""
        self._server.feed.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = _CONNECTIONS
    # A client that is slow to disconnect must not delay the shutdown.
    block_on_close = False
    live: LiveState
    feed: Feed
    names: set[str]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ':' in address[0]:
            self.address_family = socket.AF_INET6
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without the reverse DNS lookup that HTTPServer makes for a name that is not used."""
        TCPServer.server_bind(self)

    def process_request(self, request: _Request, client_address: object) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: _Request, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: _Request, client_address: object) -> None:
        """Do nothing: a browser that disconnects is not an error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = 'HTTP/1.1'
    timeout = _SEND_TIMEOUT

    def do_GET(self) -> None:  # noqa: N802
        """Serve a request; refuse unknown paths and requests from other sites."""
        path = urlsplit(self.path).path
        if not self._is_ours():
            self._send(403, b'this page is served under its own address only\n', 'text/plain')
        elif path in _FILES:
            name, kind = _FILES[path]
            self._send(200, (files(__package__) / 'page' / name).read_bytes(), kind)
        elif path == '/theme.css':
            self._send(200, css().encode(), 'text/css; charset=utf-8')
        elif path == '/match.jpg':
            picture = self.server.live.state.picture
            if picture is None:
                self._send(404, b'no picture yet\n', 'text/plain')
            else:
                self._send(200, picture.jpeg, 'image/jpeg')
        elif path == '/events':
            self._stream()
        else:
            self._send(404, b'no such page\n', 'text/plain')

    def _is_ours(self) -> bool:
        """
        Return whether the request is for this server and not sent on behalf of another site.

        A link on another site may open the page, since that gives the other site no data.
        With DNS rebinding the attacker's host name is in the Host header, which then is neither
        an address nor a name of this machine.
        """
        followed = self.path == '/' and self.headers.get('Sec-Fetch-Dest') == 'document'
        own = self.headers.get('Sec-Fetch-Site', 'none') in ('none', 'same-origin')
        if not (own or followed):
            return False
        try:
            name = urlsplit(f'//{self.headers.get("Host", "")}').hostname or ''
        except ValueError:
            return False
        if name in self.server.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        """Send changes until the client disconnects."""
        self.close_connection = True
        self.send_response(200)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header('Content-Type', 'text/event-stream')
        self.end_headers()
        # The browser reconnects after this time, in milliseconds.
        self.wfile.write(b'retry: 1000\n\n')
        feed, revision = self.server.feed, 0
        with feed.watching():
            while (update := feed.after(revision)) is not None:
                revision, parts = update
                # Sent even if empty, since only a failed write shows that the client is gone.
                self.wfile.write(f'data: {json.dumps(parts, allow_nan=False)}\n\n'.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Do nothing: a line per request would bury the lines of the node."""
