"""wait_until_active: end when a lifecycle node is active, so that others can follow it."""

from __future__ import annotations

import argparse
from typing import Sequence

from lifecycle_msgs.msg import State, TransitionEvent
from lifecycle_msgs.srv import GetState
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from ..common.arguments import own_arguments
from ..common.names import full_name
from ..common.running import run, spin

# Period of asking for the state, in seconds: an event is lost if the node is not discovered yet.
_PERIOD = 0.5


class WaitUntilActive(Node):
    """Listens to the transitions of a node, and asks for its state."""

    def __init__(self, target: str) -> None:
        """Begin to ask the node named `target`."""
        super().__init__('wait_until_active')
        self._name = full_name(self, '--node', target)
        self._state = State.PRIMARY_STATE_UNKNOWN
        self._client = self.create_client(GetState, f'{self._name}/get_state')
        self._pending: Future | None = None
        self.create_subscription(
            TransitionEvent, f'{self._name}/transition_event', self._on_transition, 10
        )
        # Steady: simulated time may not advance before the node is active.
        self.create_timer(_PERIOD, self._ask, clock=Clock(clock_type=ClockType.STEADY_TIME))
        print(f'waiting until {self._name} is active', flush=True)

    @property
    def done(self) -> bool:
        """Whether the node is active, or never will be."""
        return self._state in (State.PRIMARY_STATE_ACTIVE, State.PRIMARY_STATE_FINALIZED)

    def end(self) -> int:
        """Return 0 if the node is active, 1 if it was shut down, 130 if it is not known yet."""
        if self._state == State.PRIMARY_STATE_ACTIVE:
            print(f'{self._name} is active', flush=True)
            return 0
        print(f'{self._name} is not active', flush=True)
        return 1 if self.done else 130

    def _on_transition(self, event: TransitionEvent) -> None:
        if not self.done:
            self._state = event.goal_state.id

    def _ask(self) -> None:
        if self._pending is not None and not self._pending.done():
            # A node that was replaced by another of its name never answers.
            self._client.remove_pending_request(self._pending)
        if self._client.service_is_ready():
            self._pending = self._client.call_async(GetState.Request())
            self._pending.add_done_callback(self._on_state)

    def _on_state(self, future: Future) -> None:
        response = future.result()
        if response is not None and not self.done:
            self._state = response.current_state.id


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='wait_until_active', description=__doc__)
    parser.add_argument('--node', default='vpr_node', help='its name (default: %(default)s)')
    given = parser.parse_args(own_arguments(args))
    return run(
        'wait_until_active',
        lambda: WaitUntilActive(given.node),
        args,
        lambda node: spin(node, lambda: node.done),
    )
