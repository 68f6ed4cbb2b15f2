"""The queue of packets: in order, bounded in time and bytes, everything accounted for."""

from __future__ import annotations

import threading
import time

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: make setup')

from vprtempo_ros.nodes.vpr import packet_queue  # noqa: E402
from vprtempo_ros.nodes.vpr.packet_queue import PacketQueue  # noqa: E402


def test_everything_is_worked_on_in_order() -> None:
    """A worker that keeps up gets every item."""
    done: list[bytes] = []
    queue = PacketQueue(done.append, max_delay=60.0)
    items = [b'%d' % number for number in range(1000)]
    for item in items:
        queue.put(item)
    while len(done) < len(items):
        time.sleep(0.001)
    queue.stop()
    assert done == items
    assert queue.dropped == 0


def test_what_waited_too_long_is_dropped() -> None:
    """Nothing is worked on that is older than the delay, but for the newest."""
    begun, go_on = threading.Event(), threading.Event()
    done: list[bytes] = []

    def work(item: bytes) -> None:
        done.append(item)
        begun.set()
        go_on.wait(60.0)

    queue = PacketQueue(work, max_delay=0.05)
    queue.put(b'first')
    assert begun.wait(60.0)
    for number in range(10):
        queue.put(b'old %d' % number)
    time.sleep(0.1)
    queue.put(b'new')
    go_on.set()
    while len(done) < 2:
        time.sleep(0.001)
    queue.stop()
    assert done == [b'first', b'new']
    assert queue.dropped == 10


def test_what_waits_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest give way; a single one that is larger than all that may wait is still taken."""
    monkeypatch.setattr(packet_queue, '_BYTES_MAX', 100)
    begun, go_on = threading.Event(), threading.Event()
    done: list[bytes] = []

    def work(item: bytes) -> None:
        done.append(item)
        begun.set()
        go_on.wait(60.0)

    queue = PacketQueue(work, max_delay=60.0)
    queue.put(b'first')
    assert begun.wait(60.0)
    for number in range(10):
        queue.put(bytes([number]) * 40)
    assert queue.dropped == 8
    queue.put(b'x' * 1000)
    assert queue.dropped == 10
    go_on.set()
    while len(done) < 2:
        time.sleep(0.001)
    queue.stop()
    assert done == [b'first', b'x' * 1000]


def test_stopping_drops_what_waits() -> None:
    """The work under way ends, the rest is not begun."""
    begun, go_on = threading.Event(), threading.Event()
    done: list[bytes] = []

    def work(item: bytes) -> None:
        done.append(item)
        begun.set()
        go_on.wait(60.0)

    queue = PacketQueue(work, max_delay=60.0)
    queue.put(b'first')
    assert begun.wait(60.0)
    queue.put(b'second')
    threading.Timer(0.05, go_on.set).start()
    queue.stop()
    assert done == [b'first']
