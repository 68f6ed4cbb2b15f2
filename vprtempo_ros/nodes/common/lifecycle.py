"""A lifecycle node that outlives requests which it cannot grant."""

from __future__ import annotations

from typing import Any

from rclpy.lifecycle import LifecycleNode


class TolerantLifecycleNode(LifecycleNode):
    """Refuses a transition that the present state does not have, and lives on."""

    def _LifecycleNodeMixin__on_change_state(self, request: Any, response: Any) -> Any:  # noqa: N802
        """
        Answer a request for a transition.

        rclpy answers one that is not possible with an exception that ends the node. A lifecycle
        manager that configures a node which started by itself makes such a request.
        """
        try:
            return super()._LifecycleNodeMixin__on_change_state(request, response)
        except Exception as error:  # noqa: BLE001 - rclpy's RCLError is not public
            self.get_logger().error(f'transition refused: {" ".join(str(error).split())}')
            response.success = False
            return response
