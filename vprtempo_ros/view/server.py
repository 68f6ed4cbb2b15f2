"""
The live page: a few files and a stream of events.

The page only receives, so server-sent events suffice: browsers reconnect automatically.
"""

from __future__ import annotations

import json

from .feed import Feed
from .http import HEADERS, TEXT, PageHandler, PageServer
from .state import LiveState


class ViewServer(PageServer):
    """Serves the state of a node until it is closed."""

    def __init__(self, live: LiveState, host: str, port: int) -> None:
        """
        Listen, and serve in background threads.

        :raises VprError: if the address cannot be bound.
        """
        super().__init__(host, port, _Handler)
        self.live, self.feed = live, Feed(live)
        self.start()

    @property
    def watched(self) -> bool:
        """Whether any browser is connected."""
        return self.feed.watched

    def close(self) -> None:
        """Disconnect all clients and stop listening."""
        self.feed.close()
        super().close()


class _Handler(PageHandler):
    server: ViewServer
    page = 'index.html'
    page_files = ('page.js', 'dom.js', 'style.css')

    def respond(self, path: str) -> bool:
        """Serve the picture or the stream."""
        if path == '/match.jpg':
            picture = self.server.live.state.picture
            if picture is None:
                self.send(404, b'no picture yet\n', TEXT)
            else:
                self.send(200, picture.jpeg, 'image/jpeg')
        elif path == '/events':
            self._stream()
        else:
            return False
        return True

    def _stream(self) -> None:
        """Send changes until the client disconnects."""
        self.close_connection = True
        self.send_response(200)
        for name, value in HEADERS.items():
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
