"""The time of a bag while it is played, published on /clock."""

from __future__ import annotations

import time
from typing import Callable

from rclpy.node import Node
from rosgraph_msgs.msg import Clock

# As for `ros2 bag play --clock` without a frequency, in Hz.
CLOCK_RATE = 40.0


class BagClock:
    """Maps recorded time to wall time, `rate` times as fast."""

    def __init__(self, node: Node, rate: float, frequency: float) -> None:
        """
        Make the topic, if there is to be one.

        :param rate: recorded seconds per second of wall time.
        :param frequency: messages on /clock per second of wall time; 0: none.
        """
        self._rate, self._period = rate, 1.0 / frequency if frequency else 0.1
        self._publisher = node.create_publisher(Clock, '/clock', 10) if frequency else None
        self._recorded_ns = self._begin_ns = 0
        self._next = 0.0

    def begin(self, recorded_ns: int, begin_ns: int) -> None:
        """Let recorded time be `recorded_ns` at wall time `begin_ns`, in ns."""
        self._recorded_ns, self._begin_ns = recorded_ns, begin_ns
        self._next = 0.0

    def due_ns(self, recorded_ns: int) -> int:
        """Return the wall time of a recorded time, in ns."""
        return self._begin_ns + round((recorded_ns - self._recorded_ns) / self._rate)

    def wait(self, recorded_ns: int, go_on: Callable[[], bool]) -> None:
        """Publish the time until a recorded time, or until `go_on` returns False."""
        due_ns = self.due_ns(recorded_ns)
        while go_on():
            now_ns = time.time_ns()
            self._publish(min(now_ns, due_ns))
            if now_ns >= due_ns:
                break
            time.sleep(min((due_ns - now_ns) * 1e-9, self._period))

    def _publish(self, now_ns: int) -> None:
        if self._publisher is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._period
        message = Clock()
        recorded_ns = self._recorded_ns + round(max(0, now_ns - self._begin_ns) * self._rate)
        message.clock.sec, message.clock.nanosec = divmod(recorded_ns, 10**9)
        self._publisher.publish(message)
