"""The diagnostics of vpr_node, once per period and in every lifecycle state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.timer import Timer

from ...config import NodeConfig
from ...health.cameras import CameraHealth
from ...health.context import DiagnosticContext
from ...health.learning import LearningState, learning_status
from ...health.monitor import COMPONENTS, HealthMonitor
from ...health.status import Level, Status
from ...interface import DIAGNOSTICS
from ..common.diagnostic_message import diagnostic_array
from ..common.topic_check import loss_remedy, namesakes, publisher_names, silence_reason
from .frame_processor import FrameProcessor
from .subscriptions import InputSubscriptions

if TYPE_CHECKING:
    from .localisation import Localisation


class NodeStatus(NamedTuple):
    """
    A snapshot of vpr_node.

    processor: while configured; problem: otherwise, why there is no map. inputs: while active;
    localisation: while active, with tf.publish. refused: why another revision of the map is not in
    use; empty: there is none. learning: what is being learnt.
    """

    config: NodeConfig
    problem: str
    processor: FrameProcessor | None
    inputs: InputSubscriptions | None
    localisation: Localisation | None
    refused: str
    learning: LearningState


class Diagnostics:
    """Publishes a status for each component on /diagnostics."""

    def __init__(self, node: LifecycleNode, snapshot: Callable[[], NodeStatus]) -> None:
        """Make the topic; `snapshot` is called in the thread of the executor."""
        self._node, self._snapshot = node, snapshot
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS.name, 10)
        self._period = snapshot().config.diagnostics.period
        self._timer = self._new_timer()
        self._monitor = HealthMonitor(time.monotonic())
        self._monitored: InputSubscriptions | None = None

    def set_period(self, seconds: float) -> None:
        """Publish with this period from now on."""
        if seconds != self._period:
            self._period = seconds
            self._node.destroy_timer(self._timer)
            self._timer = self._new_timer()

    def _new_timer(self) -> Timer:
        # Steady: diagnostics matter most while simulated time does not advance.
        return self._node.create_timer(
            self._period, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def _publish(self) -> None:
        status = self._snapshot()
        self._publisher.publish(
            diagnostic_array(self._node, self._statuses(status), status.config.map)
        )

    def _statuses(self, status: NodeStatus) -> list[Status]:
        config, processor, inputs = status.config, status.processor, status.inputs
        now = time.monotonic()
        if inputs is not self._monitored:
            # Problems from before the last deactivation are over.
            self._monitored, self._monitor = inputs, HealthMonitor(now)
        inactive = [
            Status(component, Level.OK, 'inactive', [])
            for component in COMPONENTS
            if component != 'map'
        ]
        if processor is None:
            return [Status('map', Level.ERROR, f'no map: {status.problem}', []), *inactive]
        context = self._context(status, processor)
        if inputs is None:
            return [self._monitor.map_status(now, context, config.diagnostics), *inactive]
        processor.statistics.set_dropped(inputs.dropped)
        if events := processor.loaded.events:
            processor.statistics.set_missing(events.missing(inputs.dropped))
        metrics = processor.statistics.take(config.diagnostics.silence)
        cameras = self._cameras(config, processor, inputs, context)
        statuses = self._monitor.statuses(now, metrics, context, config.diagnostics, cameras)
        if events:
            statuses[0].values.extend(events.values())
        if config.learning.enabled or status.learning.state != 'off':
            statuses.append(learning_status(status.learning))
        return statuses

    def _cameras(
        self,
        config: NodeConfig,
        processor: FrameProcessor,
        inputs: InputSubscriptions,
        context: DiagnosticContext,
    ) -> list[CameraHealth]:
        """Return what is known of each of several cameras."""
        states = processor.loaded.recogniser.cameras
        best = max((state.standing_out for state in states.values()), default=0.0)
        # One that looks the other way than its view recognises places on some drives only.
        steady = not (config.cameras.views or config.cameras.turned)
        first = next(iter(states), '')
        return [
            CameraHealth(
                name,
                processor.cameras[name].statistics.take(config.diagnostics.silence),
                self._of_topic(context, config, processor, topic)._replace(
                    frame_ids=processor.cameras[name].frame_ids
                ),
                state,
                first,
                best,
                steady,
            )
            for (name, state), topic in zip(states.items(), inputs.image_topics)
        ]

    def _of_topic(
        self, context: DiagnosticContext, config: NodeConfig, processor: FrameProcessor, topic: str
    ) -> DiagnosticContext:
        """Return a context for the images of one topic."""
        node, reliability = self._node, config.input.reliability
        return context._replace(
            input_topic=topic,
            publishers=lambda: publisher_names(node, topic),
            silence_reason=lambda: silence_reason(
                node, topic, processor.loaded.message, reliability
            ),
            loss_remedy=lambda: loss_remedy(node, topic, reliability),
        )

    def _context(self, status: NodeStatus, processor: FrameProcessor) -> DiagnosticContext:
        config, inputs, localisation = status.config, status.inputs, status.localisation
        node, loaded = self._node, processor.loaded
        topic, odometry = '', ''
        if inputs is not None:
            topic, odometry = inputs.image_topics[0], inputs.odometry_topic
        sim_time = None
        if node.get_parameter('use_sim_time').value:
            sim_time = node.get_clock().now().nanoseconds * 1e-9
        found = DiagnosticContext(
            input_kind='packet' if loaded.events else 'image',
            input_topic=topic,
            publishers=lambda: publisher_names(node, topic),
            silence_reason=lambda: silence_reason(
                node, topic, loaded.message, config.input.reliability
            ),
            loss_remedy=lambda: loss_remedy(
                node, topic, config.input.reliability, loaded.events is not None
            ),
            map_path=loaded.path,
            map_problem=loaded.on_disk.problem(config.reload, status.refused),
            map_revision=loaded.recogniser.map.revision,
            sim_time=sim_time,
            odometry_topic=odometry,
            backend=loaded.recogniser.backend.name,
            places=loaded.recogniser.backend.places,
            sequence_filter=processor.sequence_filter,
            transform=localisation.state() if localisation is not None else None,
            name=node.get_fully_qualified_name(),
            namesakes=namesakes(node),
            odometry_problem=processor.odometry_problem,
            other_frames=inputs.other_frames if inputs is not None else 0,
        )
        # What is asked about the first topic holds for all, if none of them is received.
        topics = inputs.image_topics if inputs is not None else []
        clocks = [frames.clock for frames in processor.cameras.values()]
        named = [*zip(topics, clocks), (odometry, processor.odometry_clock)]
        stamps = {name: clock.why for name, clock in named if clock.why}
        return found._replace(
            input_topic=', '.join(topics),
            stamps=stamps,
            frame_ids=next(iter(processor.cameras.values())).frame_ids,
        )
