"""vpr_node: images or events and odometry in, place matches out; a lifecycle node."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image

from .. import interface
from ..backends import default_backend
from ..config import NodeConfig
from ..encoding import EVENTS
from ..errors import ConfigError, ImageError, VprError
from ..frames import Image as PixelImage
from ..maps.map import Map
from ..maps.store import load
from ..matching.odometry import Odometer
from ..matching.stages import Moment
from ..recogniser import Answer, Recogniser
from ..sources.cdr import COMPRESSED, IMAGE, prepare, read_message, stamp_ns
from ..sources.poses import ODOMETRY, pose_of
from ..sources.traverse import DECODERS
from .lifecycle import LastingLifecycleNode
from .newest import NewestFirst
from .outputs import Outputs
from .packet_queue import PacketQueue
from .parameters import changed, declare, judge, read
from .running import run
from .statistics import FrameStatistics, key_value

if TYPE_CHECKING:
    from .event_input import EventInput

_INPUTS: dict[str, tuple[type, str]] = {
    'image': (Image, IMAGE), 'compressed': (CompressedImage, COMPRESSED),
}
# Messages that the middleware may queue by itself.
_IMAGES_DEPTH, _EVENTS_DEPTH = 5, 200
# A second of odometry at 100 Hz; as sensor data it is heard from reliable publishers too.
_ODOMETRY_QOS = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
# Warnings about bad messages come at most this often, in seconds.
_WARN_PERIOD = 5.0


class VprNode(LastingLifecycleNode):
    """Loads map and backend in configure, listens and answers while active."""

    def __init__(self) -> None:
        """Declare parameters; with `autostart` go straight to active."""
        super().__init__('vpr_node')
        # Before anything can fail: Kilted destroys a node even if it was made in part only.
        self._recogniser: Recogniser | None = None
        self._outputs: Outputs | None = None
        self._inputs: list[Any] = []
        self._odometer = Odometer()
        self._events: EventInput | None = None
        self._worker: NewestFirst[bytes] | PacketQueue | None = None
        self._statistics = FrameStatistics()
        self._problem = 'not configured'
        declare(self, NodeConfig)
        self._config = read(self, NodeConfig)
        self._diagnostics = self.create_publisher(DiagnosticArray, interface.DIAGNOSTICS.name, 10)
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
        events = self._events
        message_type = events.message if events else _INPUTS[config.type][0]
        reliability = (ReliabilityPolicy.RELIABLE if config.reliability == 'reliable'
                       else ReliabilityPolicy.BEST_EFFORT)
        depth = config.depth or (_EVENTS_DEPTH if events else _IMAGES_DEPTH)
        qos = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth,
                         reliability=reliability)
        result = super().on_activate(state)
        assert self._recogniser is not None
        # Wherever the robot was when it last listened, it need not be near.
        self._recogniser.reset()
        self._odometer = Odometer()
        self._statistics = FrameStatistics(config.odometry, 'packet' if events else 'frame')
        if events:
            events.begin()
        self._worker = (PacketQueue(self._process_events, config.max_delay, self._advance) if events
                        else NewestFirst(self._process, self._advance))
        # Raw: rclpy's conversion of an image costs several times the matching.
        self._inputs = [self.create_subscription(
            message_type, (interface.EVENTS if events else interface.IMAGE).name, self._on_message,
            qos, raw=True)]
        if config.odometry:
            self._inputs.append(self.create_subscription(
                Odometry, interface.ODOM.name, self._on_odometry, _ODOMETRY_QOS, raw=True))
        topics = ' and '.join(subscription.topic_name for subscription in self._inputs)
        self.get_logger().info(f'listening on {topics}')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening; the map stays loaded."""
        self._stop()
        if self._outputs is not None:
            self._outputs.rest()
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

    def destroy_node(self) -> None:
        """Stop the worker before the publishers go."""
        self._stop()
        self._release()
        super().destroy_node()

    def _new_timer(self) -> Any:
        # Steady: diagnostics matter most while a simulated time does not come.
        return self.create_timer(self._config.diagnostics.period, self._report,
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
        _check_input(loaded, config)
        if config.input.type == EVENTS:
            # Compiled loops and messages come with it: only when asked for.
            from .event_input import EventInput

            self._events = EventInput(config.input, loaded)
        else:
            self._type_name = _INPUTS[config.input.type][1]
            prepare(self._type_name)
        if config.input.odometry:
            prepare(ODOMETRY)
        self._recogniser = Recogniser(loaded, config.backend, config.match, config.input.any_size)
        self._match_in_use = config.match
        self._outputs = Outputs(self, self._recogniser, config.map)
        self.get_logger().info(
            f'map {config.map}: {len(loaded.places)} places in {len(loaded.network.modules)} '
            f'modules, {loaded.network.readout} readout, loaded in '
            f'{time.monotonic() - started:.2f} s; backend {config.backend.name} ({reason}), '
            f'{config.backend.threads} thread(s)'
            + (f', {detail}' if (detail := getattr(self._recogniser.backend, 'detail', ''))
               else ''))

    def _stop(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
            # What was taken is answered, if late.
            while self._advance():
                pass

    def _release(self) -> None:
        self._events = None
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None
        if self._recogniser is not None:
            self._recogniser.close()
            self._recogniser = None

    def _on_message(self, data: bytes) -> None:
        self._statistics.add_received()
        if self._worker is not None:
            self._worker.put(data)

    def _on_odometry(self, data: bytes) -> None:
        try:
            message = read_message(data, ODOMETRY)
        except ImageError as error:
            self.get_logger().warning(f'bad odometry skipped: {error}',
                                      throttle_duration_sec=_WARN_PERIOD)
            return
        pose = pose_of(message, ODOMETRY)
        if pose is not None:
            self._odometer.add(stamp_ns(message.header), pose)
        # Counted last: whoever sees the count knows that frames are answered with it.
        self._statistics.add_odometry()

    def _process(self, data: bytes) -> None:
        """Answer one message, in the worker's thread; whatever is in it, the node lives on."""
        started = time.perf_counter()
        try:
            message = read_message(data, self._type_name)
            self._answer(message.header, DECODERS[self._type_name](message), started)
        except VprError as error:
            self._note_bad(str(error))
        except Exception as error:  # noqa: BLE001
            # After a signal the context is gone before the worker is told to stop.
            if self.context.ok():
                self._note_bad(f'{type(error).__name__}: {error}')

    def _process_events(self, data: bytes) -> None:
        """Take one packet of events, in the worker's thread; answer each image it completes."""
        started = time.perf_counter()
        assert self._events is not None
        try:
            for header, image in self._events.images(data):
                self._answer(header, image, started)
                started = time.perf_counter()
        except VprError as error:
            self._note_bad(str(error))
        except Exception as error:  # noqa: BLE001
            if self.context.ok():
                self._note_bad(f'{type(error).__name__}: {error}')

    def _answer(self, header: Any, image: PixelImage, started: float) -> None:
        stamp = stamp_ns(header)
        way = self._odometer.travelled(stamp)
        assert self._outputs is not None
        answers = self._settled_recogniser().submit(
            image, Moment(stamp, way), (header, way, started, self._outputs.picture_of(image)))
        self._odometer.keep()
        for tag, answer in answers:
            self._publish(answer, *tag)

    def _advance(self) -> bool:
        """Have a backend that answers later go on without a frame; tell whether it owes more."""
        try:
            recogniser = self._settled_recogniser()
            for tag, answer in recogniser.advance():
                self._publish(answer, *tag)
        except Exception as error:  # noqa: BLE001
            if self.context.ok():
                self._note_bad(f'{type(error).__name__}: {error}')
            return False
        return recogniser.owes > 0

    def _settled_recogniser(self) -> Recogniser:
        """Return the recogniser with the settings that hold from this frame on."""
        assert self._recogniser is not None
        wanted = self._config.match
        if wanted is not self._match_in_use:
            self._match_in_use = wanted
            self._recogniser.configure(wanted)
        return self._recogniser

    def _publish(
        self, answer: Answer, header: Any, way: float | None, started: float,
        image: PixelImage | None,
    ) -> None:
        assert self._outputs is not None
        stamp = self._outputs.publish(header, answer)
        clock = self.get_clock()
        age = clock.now() - Time.from_msg(stamp, clock_type=clock.clock_type)
        self._statistics.add_result(answer.match, way, age.nanoseconds * 1e-9,
                                    time.perf_counter() - started)
        self._outputs.publish_views(stamp, header.frame_id, answer, image)

    def _note_bad(self, reason: str) -> None:
        self._statistics.add_bad(reason)
        what = 'packet' if self._events else 'frame'
        self.get_logger().warning(f'bad {what} skipped: {reason}',
                                  throttle_duration_sec=_WARN_PERIOD)

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Check new values; those of a running node take effect at once, or are refused."""
        result, live = judge(NodeConfig, parameters, locked=self._recogniser is not None)
        if live:
            # A copy: the worker takes it as a whole before its next frame.
            self._config = changed(self._config, live)
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
                key_value('sequence filter', self._match_in_use.sequence.filter),
            ]
            if self._worker is None:
                status.level, status.message = DiagnosticStatus.OK, 'inactive'
            else:
                self._statistics.set_dropped(self._worker.dropped)
                self._statistics.report(status)
                if self._events:
                    status.values += self._events.values(self._worker.dropped)
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)


def _check_input(loaded: Map, config: NodeConfig) -> None:
    """Refuse the images of a camera for a map of events, and the reverse."""
    of_events, asked = loaded.sensor['type'] == EVENTS, config.input.type
    if of_events != (asked == EVENTS):
        made, use = ('events', EVENTS) if of_events else ('images', 'image or compressed')
        raise ConfigError(f'{config.map} was made from {made} of a sensor of '
                          f'{loaded.sensor["width"]}x{loaded.sensor["height"]} pixels, but '
                          f'input.type is {asked}: set it to {use}, or train a map for it')


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(VprNode, args)
