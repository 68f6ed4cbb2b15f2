"""Several vpr_nodes under a lifecycle manager that makes the calls of Nav2's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from lifecycle_msgs.msg import State, Transition
from support import ros
from support.launching import described, running
from support.ros import Client, image_message

# What nav2_lifecycle_manager expects a node to be in after each transition.
STATE_AFTER = {
    Transition.TRANSITION_CONFIGURE: State.PRIMARY_STATE_INACTIVE,
    Transition.TRANSITION_ACTIVATE: State.PRIMARY_STATE_ACTIVE,
    Transition.TRANSITION_DEACTIVATE: State.PRIMARY_STATE_INACTIVE,
    Transition.TRANSITION_CLEANUP: State.PRIMARY_STATE_UNCONFIGURED,
    Transition.TRANSITION_UNCONFIGURED_SHUTDOWN: State.PRIMARY_STATE_FINALIZED,
}
DOWN = (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP)


class Manager:
    """Brings nodes up in their order and down in the reverse, as nav2_lifecycle_manager does."""

    def __init__(self, nodes: Sequence[Client]) -> None:
        self.nodes = nodes

    def _all(self, transition: int, nodes: Sequence[Client]) -> bool:
        """Change one node after the other; stop at the first that is not where it should be."""
        return all(
            node.change(transition) and node.state() == STATE_AFTER[transition] for node in nodes
        )

    def startup(self) -> bool:
        """Configure all, then activate all."""
        return self._all(Transition.TRANSITION_CONFIGURE, self.nodes) and self._all(
            Transition.TRANSITION_ACTIVATE, self.nodes
        )

    def pause(self) -> bool:
        """Deactivate all."""
        return self._all(Transition.TRANSITION_DEACTIVATE, self.nodes[::-1])

    def resume(self) -> bool:
        """Activate all."""
        return self._all(Transition.TRANSITION_ACTIVATE, self.nodes)

    def reset(self) -> bool:
        """Deactivate all, then clean up all."""
        return all(self._all(transition, self.nodes[::-1]) for transition in DOWN)

    def shutdown(self) -> bool:
        """Deactivate, clean up and shut down."""
        return self.reset() and self._all(
            Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, self.nodes[::-1]
        )


def test_managed_nodes(street, tmp_path: Path) -> None:
    """Start, pause, resume, reset, start again, shut down: every node is where it should be."""
    frame = np.ascontiguousarray(street.places()[0].image.pixels)
    cameras = ('front', 'rear')
    started = [
        process
        for camera in cameras
        for process in described(
            'vpr.launch.py',
            map=str(street.map),
            namespace=camera,
            image=f'/{camera}/image_raw',
            autostart='false',
        )[0]
    ]
    with ExitStack() as stack:
        processes = stack.enter_context(running(started, tmp_path))
        nodes = [
            stack.enter_context(Client(f'/{camera}/vpr_node', f'/{camera}/image_raw'))
            for camera in cameras
        ]

        def answered(stamp: int) -> list[str]:
            for node in nodes:
                node.await_listener()
            return [
                node.ask(image_message(frame, 'rgb8', stamp)).results[0].class_id for node in nodes
            ]

        manager = Manager(nodes)
        assert [node.state() for node in nodes] == [ros.UNCONFIGURED] * 2
        assert manager.startup()
        assert answered(1) == ['0', '0']
        assert manager.pause()
        for node in nodes:
            node.spin_until(
                lambda node=node: node.publisher.get_subscription_count() == 0,
                'the subscription to go',
            )
        assert manager.resume()
        assert answered(2) == ['0', '0']
        assert manager.reset()
        assert manager.startup()
        assert answered(3) == ['0', '0']
        assert manager.shutdown()
        for process, log in processes:
            assert process.poll() is None, log.read_text()
            process.terminate()
            assert process.wait(ros.PATIENCE) == 0
            assert 'Traceback' not in log.read_text()


def test_manager_learns_that_a_map_is_missing(street, tmp_path: Path) -> None:
    """A node that cannot be configured says so to the manager, which then starts none."""
    started = [
        process
        for name, where in (('front', street.map), ('rear', tmp_path / 'none'))
        for process in described(
            'vpr.launch.py', map=str(where), namespace=name, autostart='false'
        )[0]
    ]
    with (
        running(started, tmp_path) as processes,
        Client('/front/vpr_node') as front,
        Client('/rear/vpr_node') as rear,
    ):
        assert not Manager([front, rear]).startup()
        assert front.state() == ros.INACTIVE
        assert rear.state() == ros.UNCONFIGURED
        assert 'no such map' in processes[1][1].read_text()
        assert rear.set_parameter('map', str(street.map)).successful
        assert rear.change(ros.CONFIGURE)
        assert Manager([front, rear]).resume()
