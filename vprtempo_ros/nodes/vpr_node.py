"""vpr_node: images in, place matches out; a lifecycle node."""

from __future__ import annotations

import time
from typing import Any, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Classification, ObjectHypothesis, VisionInfo

from ..backends import default_backend
from ..config import NodeConfig
from ..errors import ConfigError, ImageError, VprError
from ..maps.map import FORMAT_VERSION
from ..maps.store import load
from ..recogniser import Answer, Recogniser
from ..sources.cdr import COMPRESSED, IMAGE, prepare, read_message
from ..sources.traverse import DECODERS
from .newest import NewestFirst
from .parameters import declare, judge, read
from .running import run
from .statistics import FrameStatistics, key_value

_INPUTS: dict[str, tuple[type, str]] = {
    'image': (Image, IMAGE), 'compressed': (CompressedImage, COMPRESSED),
}
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# Warnings about bad frames come at most this often, in seconds.
_WARN_PERIOD = 5.0


class VprNode(LifecycleNode):
    """Loads map and backend in configure, listens and answers while active."""

    def __init__(self) -> None:
        """Declare parameters; with `autostart` go straight to active."""
        super().__init__('vpr_node')
        # Before anything can fail: Kilted destroys a node even if it was made in part only.
        self._recogniser: Recogniser | None = None
        self._subscription: Any = None
        self._worker: NewestFirst[bytes] | None = None
        self._statistics = FrameStatistics()
        self._problem = 'not configured'
        declare(self, NodeConfig)
        self._config = read(self, NodeConfig)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._timer = self._new_timer()
        self.add_on_set_parameters_callback(self._on_parameters)
        if (self._config.autostart
                and self.trigger_configure() == TransitionCallbackReturn.SUCCESS):
            self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the map and start the backend."""
        try:
            self._config = read(self, NodeConfig)
            self.destroy_timer(self._timer)
            self._timer = self._new_timer()
            self._load()
        except VprError as error:
            self._problem = str(error)
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and begin to answer."""
        config = self._config.input
        message_type, self._type_name = _INPUTS[config.type]
        reliability = (ReliabilityPolicy.RELIABLE if config.reliability == 'reliable'
                       else ReliabilityPolicy.BEST_EFFORT)
        qos = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=config.depth,
                         reliability=reliability)
        result = super().on_activate(state)
        self._statistics = FrameStatistics()
        self._worker = NewestFirst(self._process)
        # Raw: rclpy's conversion of an image costs several times the matching.
        self._subscription = self.create_subscription(
            message_type, 'image', self._on_message, qos, raw=True)
        self.get_logger().info(f'listening on {self._subscription.topic_name}')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening; the map stays loaded."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release map and backend."""
        self._release()
        self._problem = 'not configured'
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything from whatever state."""
        self._stop()
        self._release()
        self._problem = 'shut down'
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Return to unconfigured after an exception in a transition."""
        return self.on_shutdown(state)

    def _LifecycleNodeMixin__on_change_state(self, request: Any, response: Any) -> Any:  # noqa: N802
        """
        Refuse a transition that the present state does not have, and live on.

        rclpy answers such a request with an exception that ends the node. A lifecycle manager
        that configures a node which started by itself makes one.
        """
        try:
            return super()._LifecycleNodeMixin__on_change_state(request, response)
        except Exception as error:  # noqa: BLE001 - rclpy's RCLError is not public
            self.get_logger().error(f'transition refused: {" ".join(str(error).split())}')
            response.success = False
            return response

    def destroy_node(self) -> None:
        """Stop the worker before the publishers go."""
        self._stop()
        self._release()
        super().destroy_node()

    def _new_timer(self) -> Any:
        # Steady: diagnostics matter most while a simulated time does not come.
        return self.create_timer(self._config.diagnostics_period, self._report,
                                 clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _load(self) -> None:
        config = self._config
        if not config.map:
            raise ConfigError('no map given: set the parameter map to the folder that trainer_node '
                              'wrote')
        started = time.monotonic()
        loaded = load(config.map)
        reason = 'as asked by backend.name'
        if not config.backend.name:
            config.backend.name, reason = default_backend(loaded.network)
        prepare(_INPUTS[config.input.type][1])
        self._recogniser = Recogniser(loaded, config.backend, config.input.any_size)
        self._matches = self.create_lifecycle_publisher(Classification, '~/match', 10)
        self._info = self.create_publisher(VisionInfo, '~/info', _LATCHED)
        info = VisionInfo(method=f'VPRTempo, {loaded.network.readout} readout, backend '
                                 f'{config.backend.name}',
                          database_location=config.map, database_version=FORMAT_VERSION)
        info.header.stamp = self.get_clock().now().to_msg()
        self._info.publish(info)
        self.get_logger().info(
            f'map {config.map}: {len(loaded.places)} places in {len(loaded.network.modules)} '
            f'modules, {loaded.network.readout} readout, loaded in '
            f'{time.monotonic() - started:.2f} s; backend {config.backend.name} ({reason}), '
            f'{config.backend.threads} thread(s)')

    def _stop(self) -> None:
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
            self._subscription = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _release(self) -> None:
        if self._recogniser is not None:
            self._recogniser.close()
            self._recogniser = None
            self.destroy_publisher(self._matches)
            self.destroy_publisher(self._info)

    def _on_message(self, data: bytes) -> None:
        self._statistics.add_received()
        if self._worker is not None:
            self._worker.put(data)

    def _process(self, data: bytes) -> None:
        """Answer one message, in the worker's thread; whatever is in it, the node lives on."""
        started = time.perf_counter()
        try:
            message = read_message(data, self._type_name)
            image = DECODERS[self._type_name](message)
            assert self._recogniser is not None
            answer = self._recogniser.recognise(image, self._config.match)
            self._publish(message.header, answer, started)
        except ImageError as error:
            self._note_bad(str(error))
        except Exception as error:  # noqa: BLE001
            # After a signal the context is gone before the worker is told to stop.
            if self.context.ok():
                self._note_bad(f'{type(error).__name__}: {error}')

    def _publish(self, header: Any, answer: Answer, started: float) -> None:
        output = Classification()
        output.header.stamp.sec = int(header.stamp.sec)
        output.header.stamp.nanosec = int(header.stamp.nanosec)
        output.header.frame_id = header.frame_id
        places, confidences = answer.match
        output.results = [ObjectHypothesis(class_id=str(place), score=score)
                          for place, score in zip(places.tolist(), confidences.tolist())]
        self._matches.publish(output)
        age = self.get_clock().now() - Time.from_msg(
            output.header.stamp, clock_type=self.get_clock().clock_type)
        text = f'place {places[0]} ({confidences[0]:.2f})' if len(places) else ''
        self._statistics.add_result(text, age.nanoseconds * 1e-9, time.perf_counter() - started)

    def _note_bad(self, reason: str) -> None:
        self._statistics.add_bad(reason)
        self.get_logger().warning(f'bad frame skipped: {reason}',
                                  throttle_duration_sec=_WARN_PERIOD)

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Check new values; those of a running node take effect at once, or are refused."""
        result, changed = judge(NodeConfig, parameters, locked=self._recogniser is not None)
        for name, value in changed.items():
            # Live settings are all in `match`; a frame under way sees the old or the new one.
            setattr(self._config.match, name.removeprefix('match.'), value)
        return result

    def _report(self) -> None:
        status = DiagnosticStatus(name=f'{self.get_fully_qualified_name()}: place recognition',
                                  hardware_id=self._config.map)
        if self._recogniser is None:
            status.level, status.message = DiagnosticStatus.ERROR, f'no map: {self._problem}'
        else:
            status.values += [
                key_value('map', self._config.map),
                key_value('places', str(self._recogniser.backend.places)),
                key_value('backend', self._recogniser.backend.name),
            ]
            if self._worker is None:
                status.level, status.message = DiagnosticStatus.OK, 'inactive'
            else:
                self._statistics.set_dropped(self._worker.dropped)
                self._statistics.report(status)
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(VprNode, args)
