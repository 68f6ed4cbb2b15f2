"""
Pages over HTTP, with the standard library only: a robot needs no web framework.

Nothing is loaded from other addresses, and other sites can neither embed nor read a page.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from socketserver import TCPServer
from urllib.parse import urlsplit

from ..errors import VprError
from .theme import css

# Maximum number of connections; browsers keep some open besides their stream.
CONNECTIONS = 64
# Time within which a client must accept what it is sent, in seconds.
_SEND_TIMEOUT = 10.0

STYLE = 'text/css; charset=utf-8'
TEXT = 'text/plain; charset=utf-8'
_TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': STYLE,
}
# As socketserver hands requests over.
_Request = socket.socket | tuple[bytes, socket.socket]

# No external resources, only the page's own script; other sites may not embed or read it.
HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}


class PageServer(ThreadingHTTPServer):
    """Serves a page in background threads, from `start` until it is closed."""

    daemon_threads = True
    request_queue_size = CONNECTIONS
    # A client that is slow to disconnect must not delay the shutdown.
    block_on_close = False

    def __init__(self, host: str, port: int, handler: type[PageHandler]) -> None:
        """
        Listen.

        :param port: 0: any free one.
        :raises VprError: if the address cannot be bound.
        """
        if ':' in host:
            self.address_family = socket.AF_INET6
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        try:
            super().__init__((host, port), handler)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, 'strerror', None) or str(error)
            remedy = (
                'is another view running? choose another --port'
                if getattr(error, 'errno', None) in (errno.EADDRINUSE, errno.EACCES)
                else '--host takes an address of this computer, or 0.0.0.0 for all of them'
            )
            raise VprError(f'{host}:{port}: cannot listen on it ({reason}); {remedy}') from None
        machine = socket.gethostname().lower()
        self.names = {host.lower(), 'localhost', machine, f'{machine}.local'}
        self.port = int(self.server_address[1])
        self.url = f'http://{f"[{host}]" if ":" in host else host}:{self.port}'
        self._thread = threading.Thread(
            target=self.serve_forever, name='http', kwargs={'poll_interval': 0.1}, daemon=True
        )

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def close(self) -> None:
        """Disconnect all clients and stop listening."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def server_bind(self) -> None:
        """Bind without the reverse DNS lookup that HTTPServer makes for a name that is not used."""
        TCPServer.server_bind(self)

    def process_request(self, request: _Request, client_address: object) -> None:
        """Serve a request in a thread, up to the maximum number of connections."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: _Request, client_address: object) -> None:
        """Serve a request, then let another one take its connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: _Request, client_address: object) -> None:
        """Do nothing: a browser that disconnects is not an error."""


class PageHandler(BaseHTTPRequestHandler):
    """Serves the files of a page, and no request that another site makes."""

    server: PageServer
    protocol_version = 'HTTP/1.1'
    timeout = _SEND_TIMEOUT
    # Files of `page/`: the page itself, and what it loads.
    page: str
    page_files: tuple[str, ...]

    def do_GET(self) -> None:  # noqa: N802
        """Serve a request; refuse unknown paths and requests from other sites."""
        path = urlsplit(self.path).path
        if not self.is_ours():
            self.send(403, b'this page is served under its own address only\n', TEXT)
        elif path == '/':
            self.send(200, *_page_file(self.page))
        elif path[1:] in self.page_files:
            self.send(200, *_page_file(path[1:]))
        elif path == '/theme.css':
            self.send(200, css().encode(), STYLE)
        elif not self.respond(path):
            self.send(404, b'no such page\n', TEXT)

    def respond(self, path: str) -> bool:
        """Serve what is not a file, and return whether there is such a path."""
        raise NotImplementedError

    def is_ours(self) -> bool:
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

    def send(self, status: int, body: bytes, kind: str) -> None:
        """Send a response with the headers that keep the page to itself."""
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Do nothing: a line per request would bury the lines of the node."""


@cache
def _page_file(name: str) -> tuple[bytes, str]:
    """Return the bytes of a file and their type."""
    return (files(__package__) / 'page' / name).read_bytes(), _TYPES[Path(name).suffix]
