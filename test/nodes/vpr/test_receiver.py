"""Messages are received in a thread of their own, without the executor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support import ros

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2: make setup')

from rclpy.exceptions import InvalidHandle  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.impl.implementation_singleton import rclpy_implementation  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from rclpy.serialization import deserialize_message  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from vprtempo_ros.nodes.vpr.receiver import Receiver, ReceiverGroup  # noqa: E402

# What was published before the subscription is received too.
LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def node() -> Iterator[Any]:
    context = rclpy.Context()
    rclpy.init(context=context)
    made = rclpy.create_node('receiving', context=context)
    yield made
    made.destroy_node()
    context.try_shutdown()


def listening(node: Any, topic: str, heard: list[str]) -> Any:
    """Return a subscription for a receiver."""

    def take(data: bytes) -> None:
        heard.append(deserialize_message(data, String).data)
        if heard[-1] == 'bad':
            raise ValueError('not this one')

    return node.create_subscription(
        String, topic, take, LATCHED, callback_group=ReceiverGroup(), raw=True
    )


def said(node: Any, topic: str, *words: str) -> Any:
    """Publish words; return the publisher."""
    publisher = node.create_publisher(String, topic, LATCHED)
    for word in words:
        publisher.publish(String(data=word))
    return publisher


def test_messages_come_although_no_executor_runs(node: Any) -> None:
    heard: list[str] = []
    receiver = Receiver(node, [listening(node, 'topic', heard)])
    publisher = said(node, 'topic', 'one')
    ros.until(lambda: heard == ['one'], 'the first message')
    publisher.publish(String(data='two'))
    ros.until(lambda: heard == ['one', 'two'], 'the second message')
    receiver.stop()


def test_an_executor_leaves_them_to_the_receiver(node: Any) -> None:
    heard: list[str] = []
    others: list[Any] = []
    subscription = listening(node, 'topic', heard)
    node.create_subscription(String, 'topic', others.append, LATCHED)
    said(node, 'topic', 'one')
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    ros.until(lambda: executor.spin_once(0.02) or bool(others), 'the message by the executor')
    for _ in range(3):
        executor.spin_once(0.02)
    assert not heard
    receiver = Receiver(node, [subscription])
    ros.until(lambda: heard == ['one'], 'the message by the receiver')
    receiver.stop()
    executor.shutdown()


def test_the_first_subscription_comes_first(node: Any) -> None:
    heard: list[str] = []
    subscriptions = [listening(node, topic, heard) for topic in ('odometry', 'image')]
    publishers = [said(node, topic, topic) for topic in ('image', 'odometry')]
    # Both messages wait when the receiver begins.
    waiting = rclpy_implementation.WaitSet(2, 0, 0, 0, 0, 0, node.context.handle)

    def both_wait() -> bool:
        waiting.clear_entities()
        for subscription in subscriptions:
            waiting.add_subscription(subscription.handle)
        waiting.wait(0)
        return len([each for each in waiting.get_ready_entities('subscription') if each]) == 2

    ros.until(both_wait, 'both messages to wait')
    receiver = Receiver(node, subscriptions)
    ros.until(lambda: len(heard) == 2, 'both messages')
    receiver.stop()
    assert publishers and heard == ['odometry', 'image']


def test_a_callback_that_fails_is_reported_and_the_next_message_received(
    node: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    receiver = Receiver(node, [listening(node, 'topic', heard)])
    publisher = said(node, 'topic', 'bad', 'good')
    ros.until(lambda: heard == ['bad', 'good'], 'both messages')
    receiver.stop()
    assert publisher.topic_name == '/topic'
    captured = capfd.readouterr()
    assert 'receiving failed: ValueError: not this one' in captured.out + captured.err


def test_nothing_is_received_after_the_end(node: Any) -> None:
    heard: list[str] = []
    subscription = listening(node, 'topic', heard)
    receiver = Receiver(node, [subscription])
    receiver.stop()
    publisher = said(node, 'topic', 'late')
    ros.until(lambda: publisher.get_subscription_count() > 0, 'the subscription to match')
    assert not heard
    node.destroy_subscription(subscription)


def test_the_thread_ends_with_the_context(node: Any) -> None:
    receiver = Receiver(node, [listening(node, 'topic', [])])
    node.context.try_shutdown()
    receiver.stop()


def test_what_is_destroyed_while_it_waits_is_kept_until_the_end(node: Any) -> None:
    """As rclpy from 9 on does with all entities when the context is shut down."""
    heard: list[str] = []
    subscription = listening(node, 'topic', heard)
    receiver = Receiver(node, [subscription])
    publisher = said(node, 'topic', 'one')
    ros.until(lambda: heard == ['one'], 'a message')
    node.destroy_subscription(subscription)
    publisher.publish(String(data='two'))
    ros.until(lambda: heard == ['one', 'two'], 'a message that is still received')
    receiver.stop()
    with pytest.raises(InvalidHandle), subscription.handle:
        pass
