"""vpr_node: images or events and odometry in, place matches out; a lifecycle node."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Sequence

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from ...config import NodeConfig
from ...errors import VprError
from ...interface import RELOCALIZE
from ..common.lifecycle import TolerantLifecycleNode
from ..common.parameters import changed, declare, read, validate
from ..common.running import run, warn_unknown_arguments
from .diagnostics import Diagnostics, NodeStatus
from .frame_processor import FrameProcessor
from .loading import load_map
from .subscriptions import InputSubscriptions


class VprNode(TolerantLifecycleNode):
    """Loads map and backend in configure, listens and answers while active."""

    def __init__(self) -> None:
        """Declare parameters; with `autostart` go straight to active."""
        super().__init__('vpr_node')
        # Before anything can fail: Kilted destroys a node even if it was made in part only.
        self._answering: FrameProcessor | None = None
        self._listening: InputSubscriptions | None = None
        self._problem = 'not configured'
        # Whether it is still to start by itself, for lack of a map.
        self._pending_autostart = False
        declare(self, NodeConfig)
        # In step with the parameters from here on, by the callback that checks them.
        self._config = read(self, NodeConfig)
        self._diagnostics = Diagnostics(self, self._condition)
        self.create_service(Trigger, RELOCALIZE.name, self._on_relocalize)
        self.add_on_set_parameters_callback(self._on_parameters)
        if self._config.autostart:
            self._start()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the map and start the backend."""
        try:
            loaded = load_map(self._config)
        except VprError as error:
            self._problem = str(error)
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._answering = FrameProcessor(self, loaded, self._config)
        self._pending_autostart = False
        self.get_logger().info(loaded.summary)
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and begin to answer."""
        assert self._answering is not None
        result = super().on_activate(state)
        self._answering.begin()
        self._listening = InputSubscriptions(self, self._config.input, self._answering)
        self.get_logger().info(f'listening on {" and ".join(self._listening.topics)}')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening; the map stays loaded."""
        self._stop()
        if self._answering is not None:
            self._answering.rest()
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
        self._pending_autostart = False
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

    def _start(self) -> bool:
        """Configure and activate; if it cannot be, that is done with the next map that is set."""
        self._pending_autostart = True
        return (
            self.trigger_configure() == TransitionCallbackReturn.SUCCESS
            and self.trigger_activate() == TransitionCallbackReturn.SUCCESS
        )

    def _stop(self) -> None:
        if self._listening is not None:
            self._listening.stop()
            self._listening = None

    def _release(self) -> None:
        if self._answering is not None:
            self._answering.close()
            self._answering = None

    def _condition(self) -> NodeStatus:
        return NodeStatus(self._config, self._problem, self._answering, self._listening)

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Check new values; those of a running node take effect at once, or are refused."""
        result, values = validate(NodeConfig, parameters, locked=self._answering is not None)
        if not values:
            return result
        config = changed(self._config, values)
        if self._answering is not None:
            if 'map' in values:
                try:
                    self._change_map(config, self._answering)
                except VprError as error:
                    self.get_logger().error(f'the map is kept: {error}')
                    return SetParametersResult(successful=False, reason=str(error))
            # A copy: the worker takes it as a whole before its next frame.
            self._answering.match = config.match
        before, self._config = self._config, config
        starts = self._pending_autostart and config.autostart and 'map' in values
        if starts and not self._start():
            self._config = before
            return SetParametersResult(successful=False, reason=self._problem)
        self._diagnostics.set_period(config.diagnostics.period)
        return result

    def _change_map(self, config: NodeConfig, answering: FrameProcessor) -> None:
        """
        Load another map while the present one goes on answering, then change over.

        :raises VprError: if the other one cannot be used.
        """
        if self._listening is None:
            answering.set_map(load_map(config)).close()
        else:
            with ThreadPoolExecutor(1, 'load') as loader:
                loading = loader.submit(load_map, config, answering.seen)
                self._listening.serve_until(loading.done)
            loaded = loading.result()
            self._listening.between(lambda: answering.set_map(loaded)).close()
        self.get_logger().info(answering.loaded.summary)

    def _on_relocalize(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Find the robot anew, as if it had just been switched on."""
        if self._answering is None or self._listening is None:
            response.success, response.message = (
                False,
                ('not active, so no place is recognised: activate the node first'),
            )
        else:
            response.success, response.message = self._answering.relocalize()
        return response


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    warn_unknown_arguments(args)
    return run(VprNode, args)
