"""Receives the messages of some subscriptions in a thread of its own."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any, Sequence

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.guard_condition import GuardCondition
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.subscription import Subscription

# Minimum time between two errors in the log, in seconds.
_WARN_PERIOD = 5.0
# After an error, in seconds.
_PAUSE = 0.1


class ReceiverGroup(ReentrantCallbackGroup):
    """A callback group whose subscriptions and their events are left to a `Receiver`."""

    # Any: of rclpy, whose types differ between distributions.
    def can_execute(self, entity: Any) -> bool:
        """Return False: the executor is not to wait for them."""
        return False


class Receiver:
    """
    Waits for messages and calls the callbacks of their subscriptions and events, in its own thread.

    The executor of rclpy gathers all entities of a node in Python, services and timers too, for
    each message: that takes as long as recognising a place. And while a callback of the executor is
    busy, as with loading a map, no message would be received.
    """

    def __init__(self, node: Node, subscriptions: Sequence[Subscription]) -> None:
        """
        Start the thread.

        :param subscriptions: of the callback group `ReceiverGroup`. Of messages that wait at
            the same time, those of the first one are received first.
        """
        self._node, self._subscriptions = node, list(subscriptions)
        # An executor that waits for these events wakes up with each message.
        self._events = [event for each in subscriptions for event in each.event_handlers]
        # Not one of the node: the executor would wait for it too, and only one of two is woken.
        self._end = GuardCondition(None, None, context=node.context)
        # As in rclpy from 3.3 (Humble) to 11; where it takes something else, this raises.
        wait_set = rclpy_implementation.WaitSet(
            len(self._subscriptions), 1, 0, 0, 0, len(self._events), node.context.handle
        )
        # Held as in use: rclpy from 9 (Kilted) on destroys them when the context is shut down.
        self._in_use = ExitStack()
        for each in (*(each.handle for each in subscriptions), *self._events, self._end.handle):
            self._in_use.enter_context(each)
        self._running = True
        self._thread = threading.Thread(
            target=self._run, args=(wait_set,), name='receiver', daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Finish the present callback and end the thread; then subscriptions may be destroyed."""
        self._running = False
        self._end.trigger()
        self._thread.join()
        self._end.destroy()

    # Any: the wait set is an object of rclpy's extension module.
    def _run(self, wait_set: Any) -> None:
        context = self._node.context
        with self._in_use:
            # A signal makes the context invalid before the node ends.
            while self._running and context.ok():
                try:
                    self._wait(wait_set)
                except Exception as error:  # noqa: BLE001 - the next message may be fine
                    if self._running and context.ok():
                        self._node.get_logger().error(
                            f'receiving failed: {type(error).__name__}: {error}',
                            throttle_duration_sec=_WARN_PERIOD,
                        )
                        # What fails at each message must not take a core.
                        time.sleep(_PAUSE)

    # Any: as above.
    def _wait(self, wait_set: Any) -> None:
        """Wait for messages, and take one of each subscription that has some."""
        wait_set.clear_entities()
        for subscription in self._subscriptions:
            wait_set.add_subscription(subscription.handle)
        for event in self._events:
            event.add_to_wait_set(wait_set)
        wait_set.add_guard_condition(self._end.handle)
        wait_set.wait(-1)
        ready = wait_set.get_ready_entities('subscription')
        for subscription in self._subscriptions:
            handle = subscription.handle
            if self._running and handle.pointer in ready:
                taken = handle.take_message(subscription.msg_type, subscription.raw)
                if taken is not None:
                    subscription.callback(taken[0])
        for event in self._events:
            if self._running and event.is_ready(wait_set) and (data := event.take_data()):
                event.callback(data)
