"""A client for live teaching: publishes what a robot does on a drive, and calls the services."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support import ros
from support.measuring import untraced
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.storage import RawMessage

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2: make setup')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rcl_interfaces.srv import GetParameters, SetParameters  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from std_msgs.msg import Float32, String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from vprtempo_ros.nodes.common.message_class import message_class  # noqa: E402

# A small network that trains at once.
TINY: dict[str, Any] = {
    'encoding.encoder': 'pixels',
    'encoding.width': 8,
    'encoding.height': 8,
    'encoding.patch': 3,
    'training.epochs': 2,
    'training.feature_multiplier': 1.0,
}


def recorded(bag: Path, *topics: str) -> list[RawMessage]:
    """Return all messages of a bag, or those of some topics."""
    with BagReader(bag) as reader:
        return list(reader.messages(topics or list(reader.topics)))


class Teacher:
    """A node in the test's process: publishes what a robot would, and calls the trainer."""

    @untraced
    def __init__(self, target: str = '/trainer_node') -> None:
        self.states: list[str] = []
        self.progress: list[float] = []
        self.statuses: list[Any] = []
        self._target = target
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node('teacher', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        latched = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.node.create_subscription(
            String, f'{target}/state', lambda message: self.states.append(message.data), latched
        )
        self.node.create_subscription(
            Float32,
            f'{target}/progress',
            lambda message: self.progress.append(message.data),
            latched,
        )
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 100)
        self._publishers: dict[str, Any] = {}

    @untraced
    def close(self) -> None:
        """End the node."""
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def publish_on(self, topic: str, type_name: str) -> None:
        """Begin to publish a topic, so that it is in the graph."""
        reliable = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
        self._publishers[topic] = self.node.create_publisher(
            message_class(type_name), topic, reliable
        )

    def await_listeners(self, *topics: str) -> None:
        """Wait until the trainer listens to these topics, and has found their publishers."""
        for topic in topics or self._publishers:
            self.spin_until(
                lambda publisher=self._publishers[topic]: publisher.get_subscription_count() > 0,
                f'a subscriber to {topic}',
            )
        self.await_discovery()

    def await_discovery(self) -> None:
        """Wait until the trainer knows of what this node publishes and subscribes to."""
        ros.await_responses(self.node, self.spin_until, self._target)

    def play(self, messages: Iterable[RawMessage], pause: float = 0.02) -> None:
        """Publish messages as they were recorded, with a pause between two."""
        pinging = self.node.create_client(GetParameters, f'{self._target}/get_parameters')
        self.spin_until(pinging.service_is_ready, 'service get_parameters')
        self.await_discovery()
        for message in messages:
            self._publishers[message.topic].publish(message.data)
            self.spin_for(pause)
            # Its executor takes a message of each topic between two requests: on a busy machine,
            # too, its queues do not overflow.
            served = pinging.call_async(GetParameters.Request())
            self.spin_until(served.done, 'a trainer that answers')
        self.node.destroy_client(pinging)

    def call(self, name: str) -> tuple[bool, str]:
        """Call a service of the trainer; return success and message."""
        response = self._ask(Trigger, name, Trigger.Request())
        assert '\n' not in response.message
        return response.success, response.message

    def set_parameter(self, name: str, value: Any) -> Any:
        """Set a parameter of the trainer; return the result with its reason."""
        return self._ask(
            SetParameters,
            'set_parameters',
            SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()]),
        ).results[0]

    def start(self) -> str:
        """Start a recording that has to begin, once the trainer knows of the publishers."""
        answers: list[tuple[bool, str]] = []

        def begun() -> bool:
            answers.append(self.call('start'))
            unknown = not answers[-1][0] and 'published' in answers[-1][1]
            return not unknown

        self.spin_until(begun, 'a recording that begins')
        assert answers[-1][0], answers[-1][1]
        self.await_state('recording')
        return answers[-1][1]

    def await_state(self, state: str) -> None:
        """Wait until the trainer is in a state."""
        self.spin_until(
            lambda: self.states[-1:] == [state], lambda: f'state {state}; they were {self.states}'
        )

    def await_value(self, key: str, good: Callable[[str], bool]) -> str:
        """Wait for diagnostics with such a value; return it."""

        def seen() -> bool:
            return any(good(ros.values_of(status).get(key, '')) for status in self.statuses)

        self.statuses.clear()
        self.spin_until(
            seen,
            lambda: (
                f'diagnostics with such a {key}; they were '
                f'{[ros.values_of(s) for s in self.statuses[-1:]]}'
            ),
        )
        return next(
            value
            for status in reversed(self.statuses)
            if good(value := ros.values_of(status).get(key, ''))
        )

    def await_status(
        self, level: bytes, words: str, earlier: bool = False, worse: bool = False
    ) -> None:
        """
        Wait for diagnostics of a level that say something.

        :param earlier: those received before count too.
        :param worse: so do those of a worse level, as of a machine too busy to have any frames.
        """
        if not earlier:
            self.statuses.clear()
        self.spin_until(
            lambda: any(
                (status.level == level or worse and status.level > level)
                and words in status.message
                for status in self.statuses
            ),
            lambda: (
                f'diagnostics of level {level!r} with {words!r}; they said '
                f'{[(s.level, s.message) for s in self.statuses[-2:]]}'
            ),
        )

    @untraced
    def spin_until(self, condition: Callable[[], bool], what: Callable[[], str] | str) -> None:
        """Serve callbacks until a condition holds; fail if it does not come to hold."""
        deadline = time.monotonic() + ros.PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(
                    f'not within {ros.PATIENCE:g} s: {what if isinstance(what, str) else what()}'
                )
            self._executor.spin_once(timeout_sec=0.05)

    @untraced
    def spin_for(self, seconds: float) -> None:
        """Serve callbacks for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def _ask(self, kind: type, name: str, request: Any) -> Any:
        return ros.call(self.node, self.spin_until, self._target, kind, name, request)

    def _on_diagnostics(self, array: Any) -> None:
        self.statuses += [
            status for status in array.status if status.name == f'{self._target}: teaching'
        ]


@contextmanager
def taught(
    tmp_path: Path,
    parameters: dict[str, Any] | None = None,
    image: str = '/camera/image_raw',
    **settings: Any,
) -> Iterator[tuple[ros.Process, Teacher]]:
    """Run a trainer that is taught, with a teacher; double underscores stand for dots."""
    named = {name.replace('__', '.'): value for name, value in settings.items()}
    teacher = Teacher()
    try:
        with ros.node(
            tmp_path,
            'trainer_node',
            parameters={
                'live.enabled': 'true',
                'live.reliability': 'reliable',
                'live.min_free': 1,
                'map': tmp_path / 'map',
                **TINY,
                **(parameters or {}),
                **named,
            },
            remap={'image': image},
        ) as process:
            process.wait_for('ready: call ~/start')
            yield process, teacher
    finally:
        teacher.close()
