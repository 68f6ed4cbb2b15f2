"""replay: publish a bag's topics in time, for machines without `ros2 bag play`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Sequence

import rclpy
from rclpy.exceptions import InvalidTopicNameException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from ...errors import ConfigError, SourceError
from ...sources.bags import BagReader
from ...sources.cdr import restamp
from ...tools.command import check_range, guarded
from ..common.ending import end
from ..common.message_class import message_class
from ..common.qos import streaming
from ..common.running import own_arguments, start_ros
from .bag_clock import CLOCK_RATE, BagClock

# Time for subscribers to discover the publishers in turn, in seconds.
_SETTLING = 1.0


class Replay:
    """Publishers for the topics of a bag, and the clockwork that feeds them."""

    def __init__(self, node: Node, bag: BagReader, topics: Sequence[str], reliability: str) -> None:
        """Make a publisher for each topic whose type is installed; name those left out."""
        missing = sorted(set(topics) - set(bag.topics))
        if missing:
            raise SourceError(
                f'{bag.path}: no topic {missing[0]}; there are {", ".join(sorted(bag.topics))}'
            )
        qos = streaming(10, reliability)
        self._node, self._bag = node, bag
        self._publishers: dict[str, Any] = {}
        self._stamped: set[str] = set()
        for topic in topics or bag.topics:
            kind = message_class(bag.topics[topic].type)
            if kind is None:
                node.get_logger().warning(
                    f'{topic}: type {bag.topics[topic].type} is not installed; left out'
                )
                continue
            try:
                self._publishers[topic] = node.create_publisher(kind, topic, qos)
            except InvalidTopicNameException as error:
                node.get_logger().warning(f'{topic}: left out: {" ".join(str(error).split())}')
                continue
            if kind.get_fields_and_field_types().get('header') == 'std_msgs/Header':
                self._stamped.add(topic)
        if not self._publishers:
            raise SourceError(f'{bag.path}: none of its topics can be published')

    def wait_for_subscriber(self, seconds: float) -> None:
        """Give discovery time, until anyone listens."""
        deadline = time.monotonic() + seconds
        while (
            time.monotonic() < deadline
            and rclpy.ok()
            and not any(p.get_subscription_count() for p in self._publishers.values())
        ):
            time.sleep(0.02)
        # A subscriber that is known here may not know of these publishers yet, and would miss the
        # first messages.
        time.sleep(_SETTLING)

    def play(self, clock: BagClock, shift_stamps: bool) -> int:
        """
        Publish everything once; return the number of messages.

        :param clock: keeps the time of the recording.
        :param shift_stamps: move header stamps by as much as the first message is moved, and
            say by how much.
        """
        published = 0
        first: int | None = None
        begin_ns = time.time_ns()
        for message in self._bag.messages(list(self._publishers)):
            if first is None:
                first = message.stamp_ns
                if shift_stamps:
                    # By whole seconds, for which it waits: what is cut into windows by its stamps
                    # is cut as it would have been when it was recorded.
                    begin_ns += (first - begin_ns) % 1_000_000_000
                    print(f'stamps moved by {begin_ns - first} ns', flush=True)
                clock.begin(first, begin_ns)
            clock.wait(message.stamp_ns, rclpy.ok)
            if not rclpy.ok():
                break
            data = message.data
            if shift_stamps and message.topic in self._stamped:
                # At another rate than 1 the recording is stretched about its first message.
                data = restamp(data, clock.due_ns(message.stamp_ns) - message.stamp_ns)
            self._publishers[message.topic].publish(data)
            published += 1
        return published

    def finish(self) -> None:
        """Let reliable subscribers acknowledge the last messages before the publishers go."""
        time.sleep(0.3)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='replay', description=__doc__)
    parser.add_argument('bag', type=Path, help='bag: folder, .db3 or .mcap file')
    parser.add_argument('--topics', nargs='+', default=[], help='topics to play (default: all)')
    parser.add_argument('--rate', type=float, default=1.0, help='speed (default: %(default)s)')
    parser.add_argument('--loop', action='store_true', help='start again at the end')
    parser.add_argument(
        '--restamp', action='store_true', help='move header stamps as if it were recorded now'
    )
    parser.add_argument(
        '--clock',
        type=float,
        nargs='?',
        const=CLOCK_RATE,
        default=0.0,
        metavar='HZ',
        help='publish the recorded time on /clock, for nodes with '
        f'use_sim_time; so often (default: {CLOCK_RATE:g})',
    )
    parser.add_argument(
        '--wait',
        type=float,
        default=5.0,
        metavar='SECONDS',
        help='wait this long for a first subscriber (default: %(default)s)',
    )
    parser.add_argument('--reliability', choices=('reliable', 'best_effort'), default='reliable')
    given = parser.parse_args(own_arguments(args))

    def work() -> None:
        check_range('--rate', given.rate, 1e-3, 1e3)
        if given.clock and given.restamp:
            raise ConfigError(
                'expected --clock or --restamp, found both: with --clock the stamps '
                'stay and the clock is moved to them'
            )
        check_range('--clock', given.clock, 0.0, 1e4)
        with BagReader(given.bag) as bag:
            start_ros(args)
            node = rclpy.create_node('replay')
            try:
                replay = Replay(node, bag, given.topics, given.reliability)
                clock = BagClock(node, given.rate, given.clock)
                replay.wait_for_subscriber(given.wait)
                count = replay.play(clock, given.restamp)
                while given.loop and count and rclpy.ok():
                    count += replay.play(clock, given.restamp)
                if rclpy.ok():
                    replay.finish()
                print(f'{given.bag}: {count} messages published')
            except (KeyboardInterrupt, ExternalShutdownException):
                pass
            finally:
                end(node)

    return guarded(work)
