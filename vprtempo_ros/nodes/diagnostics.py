"""What vpr_node tells an operator about itself, once a period and in every state."""

from __future__ import annotations

from typing import Callable, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from ..config import NodeConfig
from ..interface import DIAGNOSTICS
from .answering import Answering
from .listening import Listening
from .statistics import key_value


class Condition(NamedTuple):
    """What a node has; `answering` while configured, `listening` while active, else a problem."""

    config: NodeConfig
    problem: str
    answering: Answering | None
    listening: Listening | None


class Diagnostics:
    """Publishes the node's condition on /diagnostics."""

    def __init__(self, node: LifecycleNode, condition: Callable[[], Condition]) -> None:
        """Make the publisher; `condition` is asked in the executor's thread."""
        self._node, self._condition = node, condition
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS.name, 10)
        self._timer = self._new_timer(condition().config.diagnostics.period)

    def set_period(self, seconds: float) -> None:
        """Report every so many seconds from now on."""
        self._node.destroy_timer(self._timer)
        self._timer = self._new_timer(seconds)

    def _new_timer(self, seconds: float) -> object:
        # Steady: diagnostics matter most while a simulated time does not come.
        return self._node.create_timer(seconds, self._report,
                                       clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _report(self) -> None:
        status = DiagnosticStatus(name=f'{self._node.get_fully_qualified_name()}: place '
                                       'recognition')
        _describe(self._condition(), status)
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)


def _describe(condition: Condition, status: DiagnosticStatus) -> None:
    config, problem, answering, listening = condition
    status.hardware_id = config.map
    if answering is None:
        status.level, status.message = DiagnosticStatus.ERROR, f'no map: {problem}'
        return
    backend, events = answering.loaded.recogniser.backend, answering.loaded.events
    status.values += [
        key_value('map', answering.loaded.path),
        key_value('places', str(backend.places)),
        key_value('backend', backend.name),
        key_value('sequence filter', answering.sequence_filter),
    ]
    if listening is None:
        status.level, status.message = DiagnosticStatus.OK, 'inactive'
        return
    answering.statistics.set_dropped(listening.dropped)
    answering.statistics.report(status)
    if events:
        status.values += events.values(listening.dropped)
