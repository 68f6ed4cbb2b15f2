"""A lifecycle node that survives impossible requests."""

from __future__ import annotations

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode

from .arguments import rcl_reason


class TolerantLifecycleNode(LifecycleNode):
    """Refuses a transition that its present state does not have, and keeps running."""

    def _LifecycleNodeMixin__on_change_state(  # noqa: N802
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        """
        Respond to a request for a transition.

        rclpy raises an exception for an impossible one, which ends the node. A lifecycle manager
        makes such a request if it configures a node that started with `autostart`.
        """
        try:
            return super()._LifecycleNodeMixin__on_change_state(request, response)
        except Exception as error:  # noqa: BLE001 - rclpy's RCLError is not public
            self.get_logger().error(f'transition refused: {rcl_reason(error)}')
            response.success = False
            return response
