"""
The live page over HTTP, from the standard library: a handful of files and one stream of events.

The page only listens, so server-sent events do; a browser reconnects them by itself. A robot
needs no web framework for that.
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
from typing import Any
from urllib.parse import urlsplit

from ..errors import VprError
from .feed import Feed
from .state import Live
from .theme import css

# How many connections at a time: browsers keep some open beside their stream.
_CONNECTIONS = 64
# How long a client may take to take what it is sent, in seconds.
_PATIENCE = 10.0

_FILES = {
    '/': ('index.html', 'text/html; charset=utf-8'),
    '/page.js': ('page.js', 'text/javascript; charset=utf-8'),
    '/style.css': ('style.css', 'text/css; charset=utf-8'),
}
# Nothing from elsewhere, no script but the page's own, and no other site may show or read it.
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

    def __init__(self, live: Live, host: str, port: int) -> None:
        """
        Listen, and serve in threads of its own.

        :raises VprError: if the address cannot be had.
        """
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, 'strerror', None) or str(error)
            cure = (
                'is another view running? choose another --port'
                if getattr(error, 'errno', None) in (errno.EADDRINUSE, errno.EACCES)
                else '--host takes an address of this computer, or 0.0.0.0 for all of them'
            )
            raise VprError(f'{host}:{port}: cannot be listened on ({reason}); {cure}') from None
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
        """Whether any browser looks."""
        return self._server.feed.watched

    def close(self) -> None:
        """Let all clients go and stop listening."""
        self._server.feed.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = _CONNECTIONS
    # A client that is slow to go must not hold the end up.
    block_on_close = False
    live: Live
    feed: Feed
    names: set[str]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ':' in address[0]:
            self.address_family = socket.AF_INET6
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Take the address without asking DNS for its name, as HTTPServer does: nobody needs it."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = 'HTTP/1.1'
    timeout = _PATIENCE

    def do_GET(self) -> None:  # noqa: N802
        """Answer a request; all that is not known or not from our own page is refused."""
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
        Tell whether the request is for this server, and not by order of another site.

        A link from elsewhere may open the page, which reads nothing before it runs by itself.
        A name that an attacker's DNS points here (rebinding) is in the Host header as it was
        written, and neither an address nor a name of this machine.
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
        """Send what changes for as long as the client takes it."""
        self.close_connection = True
        self.send_response(200)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header('Content-Type', 'text/event-stream')
        self.end_headers()
        # The browser tries again this soon, in milliseconds.
        self.wfile.write(b'retry: 1000\n\n')
        feed, revision = self.server.feed, 0
        with feed.watching():
            while (news := feed.after(revision)) is not None:
                revision, parts = news
                # Without news a line all the same, or nobody would notice that the client is gone.
                self.wfile.write(f'data: {json.dumps(parts, allow_nan=False)}\n\n'.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a line for each request would bury the node's own."""
