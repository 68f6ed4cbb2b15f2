"""What vpr_node tells an operator about itself, once a period and in every state."""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from ...config import NodeConfig
from ...health.context import DiagnosticContext
from ...health.health import CONCERNS, Health
from ...health.status import Level, Status
from ...interface import DIAGNOSTICS
from ..common.topic_check import publisher_names, why_silent
from .frame_processor import FrameProcessor
from .subscriptions import InputSubscriptions


class NodeStatus(NamedTuple):
    """What a node has; `answering` while configured, `listening` while active, else a problem."""

    config: NodeConfig
    problem: str
    answering: FrameProcessor | None
    listening: InputSubscriptions | None


class Diagnostics:
    """Publishes the node's condition on /diagnostics, a status for each concern."""

    def __init__(self, node: LifecycleNode, condition: Callable[[], NodeStatus]) -> None:
        """Make the publisher; `condition` is asked in the executor's thread."""
        self._node, self._condition = node, condition
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS.name, 10)
        self._period = condition().config.diagnostics.period
        self._timer = self._new_timer()
        self._health = Health(time.monotonic())
        self._listened: InputSubscriptions | None = None

    def set_period(self, seconds: float) -> None:
        """Report every so many seconds from now on."""
        if seconds != self._period:
            self._period = seconds
            self._node.destroy_timer(self._timer)
            self._timer = self._new_timer()

    def _new_timer(self) -> Any:
        # Steady: diagnostics matter most while a simulated time does not come.
        return self._node.create_timer(
            self._period, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def _report(self) -> None:
        condition = self._condition()
        name = self._node.get_fully_qualified_name()
        array = DiagnosticArray(
            status=[
                DiagnosticStatus(
                    name=f'{name}: {status.concern}',
                    level=bytes([status.level]),
                    message=status.message,
                    hardware_id=condition.config.map,
                    values=[KeyValue(key=key, value=value) for key, value in status.values],
                )
                for status in self._judge(condition)
            ]
        )
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _judge(self, condition: NodeStatus) -> list[Status]:
        config, problem, answering, listening = condition
        now = time.monotonic()
        if listening is not self._listened:
            # Whatever was wrong when it last listened is over.
            self._listened, self._health = listening, Health(now)
        resting = [
            Status(concern, Level.OK, 'inactive', []) for concern in CONCERNS if concern != 'map'
        ]
        if answering is None:
            return [Status('map', Level.ERROR, f'no map: {problem}', []), *resting]
        around = self._surroundings(config, answering, listening)
        if listening is None:
            return [self._health.report_map(now, around, config.diagnostics), *resting]
        answering.statistics.set_dropped(listening.dropped)
        seen = answering.statistics.take(config.diagnostics.silence)
        told = self._health.report(now, seen, around, config.diagnostics)
        if events := answering.loaded.events:
            told[0].values.extend(events.values(listening.dropped))
        return told

    def _surroundings(
        self, config: NodeConfig, answering: FrameProcessor, listening: InputSubscriptions | None
    ) -> DiagnosticContext:
        node, loaded = self._node, answering.loaded
        topic, odometry = '', ''
        if listening is not None:
            topic, odometry = [*listening.topics, ''][:2]
        sim_time = None
        if node.get_parameter('use_sim_time').value:
            sim_time = node.get_clock().now().nanoseconds * 1e-9
        return DiagnosticContext(
            thing='packet' if loaded.events else 'image',
            topic=topic,
            publishers=lambda: publisher_names(node, topic),
            silence=lambda: why_silent(node, topic, loaded.message, config.input.reliability),
            map_path=loaded.path,
            map_trouble=loaded.on_disk.trouble(),
            sim_time=sim_time,
            odometry=odometry,
            backend=loaded.recogniser.backend.name,
            places=loaded.recogniser.backend.places,
            sequence_filter=answering.sequence_filter,
        )
