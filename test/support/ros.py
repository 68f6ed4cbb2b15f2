"""Nodes as real processes, and a node of the test's own to talk to them over real DDS."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2: make setup')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from lifecycle_msgs.msg import State, Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from rcl_interfaces.srv import (  # noqa: E402
    GetParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter, parameter_value_to_python  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from sensor_msgs.msg import Image, PointCloud2  # noqa: E402
from vision_msgs.msg import Classification, VisionInfo  # noqa: E402

from support import PATIENCE  # noqa: E402
from support.forking import running  # noqa: E402
from support.measuring import untraced  # noqa: E402
from vprtempo_ros.demo.processes import command, ros_environment  # noqa: E402
from vprtempo_ros.demo.processes import running as running_fresh  # noqa: E402
from vprtempo_ros.frames import RGB  # noqa: E402
from vprtempo_ros.nodes.start import PROGRAMS  # noqa: E402
from vprtempo_ros.support.paths import share_file  # noqa: E402

# How often conditions are looked at without a message: each time costs a millisecond of rclpy's.
_PERIOD = 0.03
# The same for what takes longer than `_SOON`, in seconds: messages are served at once in any case.
_LATER, _SOON = 0.2, 1.0
# After how long a request that may be sent twice is sent again, in seconds.
_AGAIN = 2.0

# A process writes all of its shared memory at its start. Of the package's profile that is 32 MiB, a
# fifth of what a node of a test costs; a quarter holds the tests' images. The demo, launched
# programs and documented commands have the profile itself.
_PROFILE = NamedTemporaryFile('w', suffix='.xml')
_PROFILE.write(
    re.sub(
        '(?<=<segment_size>)33554432',
        f'{8 << 20}',
        share_file('config/fastdds_shm.xml').read_text(),
    )
)
_PROFILE.flush()
_SMALL = {name: _PROFILE.name for name in ros_environment() if name.endswith('_PROFILES_FILE')}

# For frames whose stamps say nothing about a drive.
SINGLE = {'match.sequence.filter': 'none'}

CONFIGURE = Transition.TRANSITION_CONFIGURE
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE
CLEANUP = Transition.TRANSITION_CLEANUP
UNCONFIGURED = State.PRIMARY_STATE_UNCONFIGURED
INACTIVE = State.PRIMARY_STATE_INACTIVE
ACTIVE = State.PRIMARY_STATE_ACTIVE


class Process:
    """A running node and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log

    def output(self) -> str:
        """Return everything printed so far."""
        # Fast DDS 3 prefers the new one of the two names that we set, and says so.
        return ''.join(
            line
            for line in self._log.read_text().splitlines(keepends=True)
            if 'FASTRTPS_DEFAULT_PROFILES_FILE value' not in line
        )

    def wait_for(self, pattern: str) -> None:
        """Wait until a line matches."""
        until(
            lambda: re.search(pattern, self.output()) is not None,
            lambda: f'{pattern!r} in the output; it is:\n{self.output()}',
        )

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@untraced
def until(condition: Callable[[], bool], what: Callable[[], str] | str) -> None:
    """Wait for a condition; fail with its description."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f'not within {PATIENCE:g} s: {what if isinstance(what, str) else what()}')
        time.sleep(0.02)


@contextmanager
def node(
    tmp_path: Path,
    name: str,
    *arguments: str,
    parameters: dict[str, Any] | None = None,
    remap: dict[str, str] | None = None,
    fresh: bool = False,
) -> Iterator[Process]:
    """
    Run a node of the package as a process; it is ended by its own process id.

    :param fresh: with an interpreter of its own, not as a fork.
    """
    words = _command(name, arguments, parameters, remap)
    log = tmp_path / f'{name}-{time.monotonic_ns()}.log'
    # A fresh environment each time would be a domain of its own each time: conftest has set one.
    environment = {**ros_environment(), **_SMALL, 'PYTHONUNBUFFERED': '1'}
    environment['PYTHONFAULTHANDLER'] = '1'
    with (
        log.open('w') as stream,
        (running_fresh if fresh else running)(
            words, environment, stream, errors=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield Process(process, log)
        except (Exception, pytest.fail.Exception):
            # What a test that fails needs: what the node printed, and where it is now.
            if process.poll() is None:
                process.send_signal(signal.SIGABRT)
            print(f'{name} ended with {process.wait(PATIENCE)}; its output:\n{log.read_text()}')
            raise


def _command(
    name: str,
    arguments: Sequence[str],
    parameters: dict[str, Any] | None,
    remap: dict[str, str] | None,
) -> list[str]:
    words = command(
        name, *arguments, parameters={key: str(value) for key, value in (parameters or {}).items()}
    )
    if remap:
        words += [] if '--ros-args' in words else ['--ros-args']
        for source, target in remap.items():
            words += ['-r', f'{source}:={target}']
    return words


class Refused(NamedTuple):
    """How a program ended: its exit status and what it has printed."""

    status: int
    output: str


def refused(
    capfd: pytest.CaptureFixture[str],
    name: str,
    *arguments: str,
    parameters: dict[str, Any] | None = None,
    remap: dict[str, str] | None = None,
) -> Refused:
    """
    Call a program in this process, for what ends it before it does its work.

    Much sooner than a process, of which the imports take longest; an exception that would be its
    traceback is raised.
    """
    main = import_module(f'vprtempo_ros.nodes.{PROGRAMS[name]}').main
    words = _command(name, arguments, parameters, remap)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    capfd.readouterr()
    try:
        status = main(words[words.index(name) + 1 :])
    except SystemExit as ended:
        # As argparse does, with a number.
        assert isinstance(ended.code, int)
        status = ended.code
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    captured = capfd.readouterr()
    return Refused(status, captured.out + captured.err)


class InputSubscriptions(NamedTuple):
    """What has come on a topic so far, and the subscription."""

    heard: list[Any]
    subscription: Any


class Client:
    """A node in the test's process that publishes, listens, and calls services."""

    @untraced
    def __init__(
        self, target: str = '/vpr_node', image: str = '/image', kind: type = Image
    ) -> None:
        self.matches: list[Any] = []
        self.infos: list[Any] = []
        self.statuses: list[Any] = []
        self.values: list[dict[str, str]] = []
        self.beliefs: list[Any] = []
        self._target = target
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        # Read with the first node of a process.
        with mock.patch.dict(os.environ, _SMALL):
            self._node = rclpy.create_node('test_client', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        reliable = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.publisher = self._node.create_publisher(kind, image, reliable)
        self._node.create_subscription(Classification, f'{target}/match', self.matches.append, 1000)
        self._node.create_subscription(VisionInfo, f'{target}/info', self.infos.append, latched)
        self._node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 100)

    def __enter__(self) -> Client:
        return self

    @untraced
    def __exit__(self, *error: object) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def listen(self, kind: type, name: str, qos: Any = 100) -> InputSubscriptions:
        """Subscribe to a topic of the node; return what will have come, and the subscription."""
        topic = f'{self._target}/{name}'
        heard: list[Any] = []
        subscription = self._node.create_subscription(kind, topic, heard.append, qos)
        self.spin_until(lambda: self._node.count_publishers(topic) > 0, f'a publisher of {topic}')
        self.await_discovery()
        return InputSubscriptions(heard, subscription)

    def listeners(self, topic: str) -> int:
        """Return how many subscriptions there are to a topic."""
        return int(self._node.count_subscribers(topic))

    def ignore(self, listening: InputSubscriptions) -> None:
        """Listen to a topic no longer."""
        self._node.destroy_subscription(listening.subscription)

    def listen_to_belief(self) -> None:
        """Subscribe to the belief, until `ignore_belief`."""
        self._belief = self._node.create_subscription(
            PointCloud2, f'{self._target}/belief', self.beliefs.append, 100
        )
        self.spin_until(
            lambda: self._node.count_publishers(f'{self._target}/belief') > 0,
            'a publisher of beliefs',
        )
        self.await_discovery()

    def ignore_belief(self) -> None:
        """Listen no longer."""
        self._node.destroy_subscription(self._belief)
        self.await_discovery()

    def await_odometry_listener(self, topic: str = '/odom') -> Any:
        """Return a publisher of odometry to which the node listens."""
        publisher = self._node.create_publisher(Odometry, topic, 1000)
        self.spin_until(lambda: publisher.get_subscription_count() > 0, 'a subscriber to odometry')
        self.await_discovery()
        return publisher

    def odometry_listeners(self, topic: str = '/odom') -> int:
        """Return how many nodes listen to odometry."""
        return int(self._node.count_subscribers(topic))

    def _on_diagnostics(self, array: Any) -> None:
        own = [status for status in array.status if status.name.startswith(f'{self._target}:')]
        values = {entry.key: entry.value for status in own for entry in status.values}
        self.statuses += own
        self.values += [values] * len(own)

    def more_publishers(self, kind: type, topic: str, reliability: ReliabilityPolicy) -> Any:
        """Return another publisher, of a type and reliability of its own."""
        return self._node.create_publisher(
            kind, topic, QoSProfile(depth=10, reliability=reliability)
        )

    def feed(
        self, send: Callable[[], None], condition: Callable[[], bool], what: str, rate: float = 20.0
    ) -> None:
        """Send again and again until a condition holds, and serve callbacks meanwhile."""
        due = time.monotonic()

        def sent() -> bool:
            nonlocal due
            if time.monotonic() >= due:
                send()
                due = max(due + 1.0 / rate, time.monotonic() - 1.0)
            return condition()

        period = min(_PERIOD, 0.5 / rate)
        self.spin_until(sent, what, period, period)

    @untraced
    def spin_until(
        self,
        condition: Callable[[], bool],
        what: Callable[[], str] | str,
        period: float = _PERIOD,
        later: float = _LATER,
    ) -> None:
        """Serve callbacks until a condition holds; fail if it does not come to hold."""
        begin = time.monotonic()
        while not condition():
            waited = time.monotonic() - begin
            if waited > PATIENCE:
                pytest.fail(
                    f'not within {PATIENCE:g} s: {what if isinstance(what, str) else what()}'
                )
            self._executor.spin_once(timeout_sec=period if waited < _SOON else later)

    @untraced
    def spin_for(self, seconds: float) -> None:
        """Serve callbacks for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def await_listener(self) -> None:
        """Wait until the node has subscribed and its matches would be heard."""
        self.spin_until(
            lambda: self.publisher.get_subscription_count() > 0, 'a subscriber to images'
        )
        self.spin_until(
            lambda: self._node.count_publishers(f'{self._target}/match') > 0,
            'a publisher of matches',
        )
        self.await_discovery()

    def await_discovery(self) -> None:
        """Wait until the node knows of what this client publishes and subscribes to."""
        await_responses(self._node, self.spin_until, self._target)

    def ask(self, message: Any) -> Any:
        """Publish an image and return the match with its stamp."""
        self.publisher.publish(message)
        wanted = message.header.stamp
        self.spin_until(
            lambda: any(m.header.stamp == wanted for m in self.matches),
            f'a match for stamp {wanted.sec}.{wanted.nanosec:09d}',
        )
        return next(m for m in reversed(self.matches) if m.header.stamp == wanted)

    def assert_recognised(self, frames: list[Any]) -> None:
        """Check that the node matches every fourth of these frames of places, in their order."""
        for number, frame in list(enumerate(frames))[::4]:
            match = self.ask(frame_message(frame, number + 1))
            assert match.results[0].class_id == str(number)

    def status(self, condition: Callable[[Any, dict[str, str]], bool], what: str) -> dict[str, str]:
        """
        Wait for a diagnostic status for which the condition holds, of any component.

        Values, as the condition gets them and as they are returned, are those of all components.
        """

        def found() -> list[dict[str, str]]:
            return [
                values
                for status, values in zip(self.statuses, self.values)
                if condition(status, values)
            ]

        self.statuses.clear()
        self.values.clear()
        self.spin_until(
            lambda: bool(found()),
            lambda: f'diagnostics with {what}; the last are {self.statuses[-6:]}',
        )
        return found()[-1]

    def await_all_matches(self, count: int) -> None:
        """
        Wait until this number of frames is accounted for, by diagnostics and matches.

        Each is matched, of an unknown place, bad, or dropped, as a busy node does.
        """

        def done(status: Any, values: dict[str, str]) -> bool:
            keys = ('matched', 'unknown', 'bad', 'dropped')
            return values.get('frames received') == str(count) and count == sum(
                int(values[f'frames {key}']) for key in keys
            )

        values = self.status(done, f'all of {count} frames')
        matches = int(values['frames matched']) + int(values['frames unknown'])
        self.spin_until(lambda: len(self.matches) >= matches, f'{matches} matches')
        assert len(self.matches) == matches

    def component(self, name: str, condition: Callable[[Any], bool], what: str) -> Any:
        """Wait for a status of one component for which the condition holds; return it."""
        self.statuses.clear()
        self.values.clear()

        def found() -> list[Any]:
            return [
                status
                for status in self.statuses
                if status.name == f'{self._target}: {name}' and condition(status)
            ]

        self.spin_until(lambda: bool(found()), f'{name} with {what}')
        return found()[-1]

    def change(self, transition: int) -> bool:
        """Request a lifecycle transition; return whether it succeeded."""
        request = ChangeState.Request()
        request.transition.id = transition
        return bool(self._call(ChangeState, 'change_state', request).success)

    def state(self) -> int:
        """Return the lifecycle state."""
        return int(self._call(GetState, 'get_state', GetState.Request()).current_state.id)

    def set_parameter(self, name: str, value: Any) -> Any:
        """Set a parameter; return the result with its reason."""
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return self._call(SetParameters, 'set_parameters', request).results[0]

    def set_together(self, values: dict[str, Any]) -> Any:
        """Set parameters all or none; return the result with its reason."""
        request = SetParametersAtomically.Request(
            parameters=[
                Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
            ]
        )
        return self._call(SetParametersAtomically, 'set_parameters_atomically', request).result

    def parameter(self, name: str) -> Any:
        """Return a parameter's value as the node has it."""
        answer = self._call(GetParameters, 'get_parameters', GetParameters.Request(names=[name]))
        return parameter_value_to_python(answer.values[0])

    def _call(self, kind: type, name: str, request: Any) -> Any:
        return call(self._node, self.spin_until, self._target, kind, name, request)


@untraced
def call(
    node: Any,
    spin_until: Callable[[Callable[[], bool], str], None],
    target: str,
    kind: type,
    name: str,
    request: Any,
) -> Any:
    """Call a service of the node `target`, once; return the response."""
    client = node.create_client(kind, f'{target}/{name}')
    spin_until(client.service_is_ready, f'service {name}')
    await_responses(node, spin_until, target)
    future = client.call_async(request)
    spin_until(future.done, f'an answer of {name}')
    node.destroy_client(client)
    return future.result()


def await_responses(
    node: Any, spin_until: Callable[[Callable[[], bool], str], None], target: str
) -> None:
    """
    Wait until a node knows of the endpoints made before: publishers, subscriptions, clients.

    A service is ready for its client before it knows where to send the response, which is then
    lost; so it is with what a publisher sends first. Endpoints become known, and are forgotten, in
    the order in which they were made or removed: once another service, which may be called again
    and again, responds, all are.
    """
    pinging = node.create_client(GetParameters, f'{target}/get_parameters')
    spin_until(pinging.service_is_ready, 'service get_parameters')
    pending = [pinging.call_async(GetParameters.Request())]
    again = time.monotonic() + _AGAIN

    def answered() -> bool:
        nonlocal again
        if time.monotonic() > again:
            pending.append(pinging.call_async(GetParameters.Request()))
            again = time.monotonic() + _AGAIN
        return any(each.done() for each in pending)

    spin_until(answered, 'an answer of get_parameters')
    node.destroy_client(pinging)


def values_of(status: Any) -> dict[str, str]:
    """Return a diagnostic status's values by key."""
    return {entry.key: entry.value for entry in status.values}


def image_message(pixels: Any, encoding: str, stamp_ns: int, frame_id: str = 'camera') -> Image:
    """Return a sensor_msgs/Image of (height, width[, channels]) uint8 pixels."""
    message = Image(
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=pixels.nbytes // pixels.shape[0],
    )
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    message.header.frame_id = frame_id
    message.data = pixels.tobytes()
    return message


def frame_message(frame: Any, stamp_ns: int | None = None) -> Image:
    """Return a frame in RGB of a recording as a message, with its own stamp or another."""
    assert frame.image.weights == RGB
    pixels = np.ascontiguousarray(frame.image.pixels)
    return image_message(pixels, 'rgb8', frame.stamp_ns if stamp_ns is None else stamp_ns)


def answer_of(match: Any) -> tuple[list[int], NDArray[np.float64]]:
    """Return the places and confidences of a match."""
    return (
        [int(result.class_id) for result in match.results],
        np.array([result.score for result in match.results]),
    )
