"""replay: play a bag in real time, for machines without `ros2 bag play`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Sequence

import rclpy
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.publisher import Publisher

from ...errors import ConfigError, SourceError
from ...sources.bags import BagReader
from ...sources.cdr import restamp
from ...tools.command import check_range, guarded
from ..common.arguments import own_arguments
from ..common.message_class import message_class
from ..common.qos import streaming
from ..common.running import run
from .bag_clock import CLOCK_RATE, BagClock

# Time for reliable subscribers to acknowledge the last messages, in seconds.
_ACKNOWLEDGEMENT = 0.3


class Replay(Node):
    """Publishers for the topics of a bag."""

    def __init__(self, bag: BagReader, topics: Sequence[str], reliability: str) -> None:
        """
        Make a publisher for each topic whose type is installed; warn of the others.

        :raises SourceError: if there is none.
        """
        super().__init__('replay')
        qos = streaming(10, reliability)
        self._bag = bag
        self._topics: dict[str, Publisher] = {}
        self._stamped: set[str] = set()
        for topic in topics or bag.topics:
            message = message_class(bag.topics[topic].type)
            if message is None:
                self.get_logger().warning(
                    f'{topic}: type {bag.topics[topic].type} is not installed; left out'
                )
                continue
            try:
                self._topics[topic] = self.create_publisher(message, topic, qos)
            except InvalidTopicNameException as error:
                self.get_logger().warning(f'{topic}: left out: {" ".join(str(error).split())}')
                continue
            if message.get_fields_and_field_types().get('header') == 'std_msgs/Header':
                self._stamped.add(topic)
        if not self._topics:
            raise SourceError(f'{bag.path}: none of its topics can be published')

    def end(self) -> int:
        """Do nothing: playing is done in the main thread."""
        return 0

    def wait_for_subscriber(self, seconds: float, delay: float) -> None:
        """Wait for the first subscriber for up to `seconds`, then for the delay."""
        deadline = time.monotonic() + seconds
        while (
            time.monotonic() < deadline
            and rclpy.ok()
            and not any(publisher.get_subscription_count() for publisher in self._topics.values())
        ):
            time.sleep(0.02)
        # A subscriber that is known here may not know these publishers yet, and would miss the
        # first messages.
        time.sleep(delay)

    def play(self, clock: BagClock, shift_stamps: bool) -> int:
        """
        Publish all messages once; return their number.

        :param shift_stamps: move header stamps with the messages, and print by how much.
        """
        published = 0
        first: int | None = None
        begin_ns = time.time_ns()
        for message in self._bag.messages(list(self._topics)):
            if first is None:
                first = message.stamp_ns
                if shift_stamps:
                    # Shift by whole seconds, and wait for that time: windows of events that begin
                    # at multiples of their length then contain the same events as recorded.
                    begin_ns += (first - begin_ns) % 1_000_000_000
                    print(f'stamps moved by {begin_ns - first} ns', flush=True)
                clock.begin(first, begin_ns)
            clock.wait(message.stamp_ns, rclpy.ok)
            if not rclpy.ok():
                break
            data = message.data
            if shift_stamps and message.topic in self._stamped:
                # With a rate other than 1 each message is shifted by a different time.
                data = restamp(data, clock.due_ns(message.stamp_ns) - message.stamp_ns)
            self._topics[message.topic].publish(data)
            published += 1
        return published


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='replay', description=__doc__)
    parser.add_argument('bag', type=Path, help='bag: folder, .db3, .mcap or .bag file')
    parser.add_argument('--topics', nargs='+', default=[], help='topics to play (default: all)')
    parser.add_argument('--rate', type=float, default=1.0, help='speed (default: %(default)s)')
    parser.add_argument('--loop', action='store_true', help='restart at the end')
    parser.add_argument('--restamp', action='store_true', help='give messages current time stamps')
    parser.add_argument(
        '--clock',
        type=float,
        nargs='?',
        const=CLOCK_RATE,
        default=0.0,
        metavar='HZ',
        help='publish the recorded time on /clock, for nodes with '
        f'use_sim_time; at this rate (default: {CLOCK_RATE:g})',
    )
    parser.add_argument(
        '--wait',
        type=float,
        default=5.0,
        metavar='SECONDS',
        help='wait this long for a first subscriber (default: %(default)s)',
    )
    parser.add_argument(
        '--delay',
        type=float,
        default=1.0,
        metavar='SECONDS',
        help='then wait this long before the first message, for subscribers to discover the '
        'publishers in their turn (default: %(default)s)',
    )
    parser.add_argument('--reliability', choices=('reliable', 'best_effort'), default='reliable')
    given = parser.parse_args(own_arguments(args))

    def play_all(replay: Replay) -> None:
        clock = BagClock(replay, given.rate, given.clock)
        replay.wait_for_subscriber(given.wait, given.delay)
        count = replay.play(clock, given.restamp)
        while given.loop and count and rclpy.ok():
            count += replay.play(clock, given.restamp)
        if rclpy.ok():
            time.sleep(_ACKNOWLEDGEMENT)
        print(f'{given.bag}: {count} messages published')

    def work() -> int:
        check_range('--rate', given.rate, 1e-3, 1e3)
        check_range('--delay', given.delay, 0.0, 1e6)
        if given.clock and given.restamp:
            raise ConfigError(
                'expected --clock or --restamp, found both: --clock keeps the stamps and moves '
                'the clock to them'
            )
        check_range('--clock', given.clock, 0.0, 1e4)
        with BagReader(given.bag) as bag:
            _check_topics(bag, given.topics)
            return run(
                'replay', lambda: Replay(bag, given.topics, given.reliability), args, play_all
            )

    return guarded(work)


def _check_topics(bag: BagReader, topics: Sequence[str]) -> None:
    missing = sorted(set(topics) - set(bag.topics))
    if missing:
        raise SourceError(
            f'{bag.path}: no topic {missing[0]}; there are {", ".join(sorted(bag.topics))}'
        )
