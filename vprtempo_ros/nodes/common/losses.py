"""Subscriptions that count what the middleware loses."""

from __future__ import annotations

from typing import Any, Callable

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError


def subscribe_counting_losses(
    node: Node,
    message: type,
    topic: str,
    callback: Callable[[bytes], None],
    qos: QoSProfile,
    on_lost: Callable[[int], None],
    group: CallbackGroup | None = None,
) -> Subscription:
    """
    Subscribe to serialised messages; `on_lost` gets the number that the middleware lost.

    Middleware without that event is subscribed to all the same.
    """

    def lost(event: Any) -> None:
        on_lost(int(event.total_count_change))

    events = SubscriptionEventCallbacks(message_lost=lost)
    try:
        return node.create_subscription(
            message, topic, callback, qos, callback_group=group, event_callbacks=events, raw=True
        )
    except UnsupportedEventTypeError:
        return node.create_subscription(
            message, topic, callback, qos, callback_group=group, raw=True
        )
