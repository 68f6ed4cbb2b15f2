"""A camera that publishes one image again and again, as a real one does, and what is made of it."""

from __future__ import annotations

import threading
import time
from typing import Any

from support.ros import Client, frame_message


class Camera:
    """Publishes one image 30 times a second, from a thread, each with a stamp of its own."""

    def __init__(self, client: Client, frame: Any) -> None:
        self.published = 0
        self._client, self._frame = client, frame
        self._running = True
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Camera:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._running = False
        self._thread.join()

    def _run(self) -> None:
        message = frame_message(self._frame)
        while self._running:
            self.published += 1
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(
                self.published * 33_333_333, 10**9
            )
            self._client.publisher.publish(message)
            time.sleep(1 / 30)


def await_place(client: Client, place: str) -> None:
    """Wait until the frames that come are recognised as this place."""
    count = len(client.matches)
    client.spin_until(
        lambda: any(
            match.results and match.results[0].class_id == place for match in client.matches[count:]
        ),
        f'place {place}',
    )
