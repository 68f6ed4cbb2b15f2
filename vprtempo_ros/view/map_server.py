"""The page of a map: its places and what to expect of them, with edits by hand."""

from __future__ import annotations

import json
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from ..errors import VprError
from .http import TEXT, PageHandler, PageServer

# Maximum size of what a browser sends, in bytes.
_LARGEST = 65_536
_JSON = 'application/json'


class ShownMap(Protocol):
    """What the page shows; called from several threads."""

    def description(self) -> dict[str, object]:
        """Return the map as it is on disk now: its places, labels, revisions."""

    def outlook(self) -> dict[str, object]:
        """Return what to expect of the places, or how far that is."""

    def thumbnail(self, place: int) -> bytes | None:
        """Return the JPEG of a place, None if there is no such place."""

    def edit(self, request: dict[str, object]) -> dict[str, object]:
        """
        Edit the map as asked for, and return its revision.

        :raises VprError: if that cannot be done; the map is unchanged then.
        """


class MapServer(PageServer):
    """Serves the page of a map until it is closed."""

    def __init__(self, shown: ShownMap, host: str, port: int) -> None:
        """
        Listen, and serve in background threads.

        :raises VprError: if the address cannot be bound.
        """
        super().__init__(host, port, _Handler)
        self.shown = shown
        self.start()


class _Handler(PageHandler):
    server: MapServer
    page = 'map.html'
    page_files = (
        'map.js',
        'map_values.js',
        'route_canvas.js',
        'strip_canvas.js',
        'canvas.js',
        'dom.js',
        'style.css',
        'map.css',
    )

    def respond(self, path: str) -> bool:
        """Serve the map, what to expect of it, or a thumbnail."""
        shown = self.server.shown
        try:
            if path == '/map.json':
                self._reply(200, shown.description())
            elif path == '/outlook.json':
                self._reply(200, shown.outlook())
            elif path == '/thumbnail.jpg':
                self._thumbnail()
            else:
                return False
        except VprError as error:
            self._reply(409, {'error': str(error)})
        return True

    def do_POST(self) -> None:  # noqa: N802
        """Edit the map, if this page asks for it."""
        length = self.headers.get('Content-Length', '')
        # A form of another site cannot send JSON without being allowed to.
        if not self.is_ours() or self.headers.get('Content-Type') != _JSON:
            self.send(403, b'only the page itself may edit the map\n', TEXT)
        elif urlsplit(self.path).path != '/edit':
            self.send(404, b'no such page\n', TEXT)
        elif not (length.isascii() and length.isdigit() and int(length) <= _LARGEST):
            self.send(413, b'expected a short request\n', TEXT)
        else:
            self._edit(self.rfile.read(int(length)))
            return
        # What was sent has not been read.
        self.close_connection = True

    def _edit(self, body: bytes) -> None:
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            self._reply(400, {'error': 'expected an edit as JSON'})
            return
        try:
            self._reply(200, self.server.shown.edit(request))
        except VprError as error:
            self._reply(409, {'error': str(error)})

    def _thumbnail(self) -> None:
        asked = parse_qs(urlsplit(self.path).query).get('place', [''])[0]
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else -1
        found = self.server.shown.thumbnail(number)
        if found is None:
            self.send(404, b'no such place\n', TEXT)
        else:
            self.send(200, found, 'image/jpeg')

    def _reply(self, status: int, content: dict[str, object]) -> None:
        self.send(status, json.dumps(content, allow_nan=False).encode(), _JSON)
