"""vpr_node: a lifecycle node that matches images or events against a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import cv2
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from ...config import NodeConfig
from ...errors import TeachingError, VprError
from ...interface import LEARN_START, LEARN_STOP, LOCALIZE, RELOCALIZE
from ...options import Option
from ..common.arguments import warn_unknown_arguments
from ..common.lifecycle import TolerantLifecycleNode
from ..common.parameters import changed, declare, read, validate
from ..common.running import run
from .diagnostics import Diagnostics, NodeStatus
from .frame_processor import FrameProcessor
from .learning import Learning
from .loading import LoadedMap, load_map
from .manager_bond import ManagerBond
from .map_updates import PERIOD, MapUpdates
from .subscriptions import InputSubscriptions

if TYPE_CHECKING:
    from .localisation import Localisation

_NOT_ACTIVE = 'not active, so no place is recognised: activate the node first'


class VprNode(TolerantLifecycleNode):
    """Loads map and backend when configured, subscribes and matches while active."""

    def __init__(self) -> None:
        """Declare parameters; with `autostart`, configure and activate."""
        super().__init__('vpr_node')
        # The processor exists while the node is configured, the inputs while it is active.
        self._processor: FrameProcessor | None = None
        self._inputs: InputSubscriptions | None = None
        # While active, with tf.publish.
        self._localisation: Localisation | None = None
        # While a lifecycle manager keeps the node active.
        self._bond: ManagerBond | None = None
        self._problem = 'not configured'
        # Whether the next map that is set is to configure and activate the node.
        self._pending_autostart = False
        self._updates = MapUpdates()
        self._learning = Learning(self.get_logger())
        declare(self, NodeConfig)
        # From here on the callback that validates parameters keeps it up to date.
        self._config = read(self, NodeConfig)
        self._diagnostics = Diagnostics(self, self._snapshot)
        self.create_service(Trigger, RELOCALIZE.name, self._on_relocalize)
        self.create_service(Trigger, LOCALIZE.name, self._on_localize)
        self.create_service(Trigger, LEARN_START.name, self._on_learn_start)
        self.create_service(Trigger, LEARN_STOP.name, self._on_learn_stop)
        self.create_timer(PERIOD, self._update_map, clock=Clock(clock_type=ClockType.STEADY_TIME))
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
        self._processor = FrameProcessor(self, loaded, self._config)
        self._pending_autostart = False
        self.get_logger().info(loaded.summary)
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe."""
        assert self._processor is not None
        result = super().on_activate(state)
        self._processor.reset()
        if self._config.tf.publish:
            self._localisation = self._new_localisation(self._processor)
        self._inputs = InputSubscriptions(
            self, self._config.input, self._processor, self._config.uses_odometry
        )
        self.get_logger().info(f'listening on {" and ".join(self._inputs.topics)}')
        if not self._config.autostart:
            self._bond = ManagerBond(self)
        self._learning.recover(self._config)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the map stays loaded."""
        self._unsubscribe()
        if self._processor is not None:
            self._processor.clear_outputs()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release map and backend."""
        self._release()
        self._problem = 'not configured'
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, from any state."""
        self.end()
        self._pending_autostart = False
        self._problem = 'shut down'
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Return to unconfigured after an exception in a transition."""
        return self.on_shutdown(state)

    def end(self) -> int:
        """Stop the worker and release the map, before the publishers are destroyed."""
        self._unsubscribe()
        self._release()
        return 0

    def _start(self) -> bool:
        """Configure and activate; if that fails, the next map that is set tries again."""
        self._pending_autostart = True
        return (
            self.trigger_configure() == TransitionCallbackReturn.SUCCESS
            and self.trigger_activate() == TransitionCallbackReturn.SUCCESS
        )

    def _unsubscribe(self) -> None:
        if self._bond is not None:
            self._bond.end()
            self._bond = None
        if self._inputs is not None:
            self._inputs.stop()
            self._inputs = None
        self._learning.end(self._processor)
        if self._localisation is not None:
            if self._processor is not None:
                self._processor.follower = None
            self._localisation.stop()
            self._localisation = None

    def _new_localisation(self, processor: FrameProcessor) -> Localisation:
        """Return what publishes map -> odom, fed by the processor."""
        # Only here: a node without it starts faster.
        from .localisation import Localisation

        found = Localisation(
            self, self._config, processor.loaded, processor.odometer, processor.forget
        )
        processor.follower = found.see
        return found

    def _release(self) -> None:
        self._updates.abandon()
        if self._processor is not None:
            self._processor.close()
            self._processor = None

    def _snapshot(self) -> NodeStatus:
        return NodeStatus(
            self._config,
            self._problem,
            self._processor,
            self._inputs,
            self._localisation,
            self._updates.refused,
            self._learning.state(self._processor),
        )

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Validate new values; those of a running node take effect at once, or are refused."""
        result, values = validate(self._config, parameters, self._fixed)
        if not values:
            return result
        config = changed(self._config, values)
        if self._processor is not None:
            if 'map' in values:
                try:
                    if self._learning.busy:
                        raise TeachingError(
                            'the map is being extended: call ~/learn_stop, and wait for the next '
                            'revision'
                        )
                    self._change_map(config, self._processor)
                except VprError as error:
                    self.get_logger().error(f'the current map stays in use: {error}')
                    return SetParametersResult(successful=False, reason=str(error))
            # The worker replaces all settings at once before its next frame.
            self._processor.match = config.match
        before, self._config = self._config, config
        starts = self._pending_autostart and config.autostart and 'map' in values
        if starts and not self._start():
            self._config = before
            return SetParametersResult(successful=False, reason=self._problem)
        self._diagnostics.set_period(config.diagnostics.period)
        return result

    def _fixed(self, option: Option) -> str:
        """Return why an option must not change now; empty: it may."""
        if self._processor is None or option.rule.dynamic:
            return ''
        return (
            'read in configure; clean the node up first (ros2 lifecycle set ... cleanup), then set '
            'it and configure again'
        )

    def _change_map(self, config: NodeConfig, processor: FrameProcessor) -> None:
        """
        Load another map while the present one stays in use, then swap them.

        :raises VprError: if the other map cannot be used.
        """
        loaded = load_map(config, processor.seen if self._inputs is not None else None)
        self._updates.abandon()
        self._use(loaded, processor)

    def _use(self, loaded: LoadedMap, processor: FrameProcessor) -> None:
        """Use a map from the next frame on."""
        if self._inputs is None:
            processor.set_map(loaded).close()
        else:
            self._inputs.run_between_items(lambda: processor.set_map(loaded)).close()
        self.get_logger().info(loaded.summary)

    def _update_map(self) -> None:
        """Take up what has replaced the map in its folder."""
        processor = self._processor
        if processor is None:
            return
        self._learning.poll(processor, self._inputs)
        if self._learning.busy:
            # What changes in the folder is our own doing.
            return
        if not (self._config.reload or self._learning.made):
            self._updates.abandon()
            return
        before = self._updates.refused
        loaded = self._updates.poll(self._config, processor.loaded, processor.seen)
        if loaded is not None:
            self._learning.made = False
            self._use(loaded, processor)
        elif self._updates.refused not in ('', before):
            self.get_logger().error(f'the current map stays in use: {self._updates.refused}')

    def _on_relocalize(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Localise again without earlier frames, as after start-up."""
        if self._processor is None or self._inputs is None:
            response.success, response.message = False, _NOT_ACTIVE
        elif self._localisation is not None:
            # Its own initial pose would be taken for that of a person.
            response.success, response.message = True, self._localisation.forget()
        else:
            response.success, response.message = self._processor.relocalize()
        return response

    def _on_learn_start(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Extend the map by what is seen from now on."""
        return self._learn(response, LEARN_START.name)

    def _on_learn_stop(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Make the next revision of what was learnt."""
        return self._learn(response, LEARN_STOP.name)

    def _learn(self, response: Trigger.Response, name: str) -> Trigger.Response:
        logger = self.get_logger()
        try:
            if self._processor is None or self._inputs is None:
                raise TeachingError(_NOT_ACTIVE)
            if name == LEARN_START.name:
                response.message = self._learning.start(self._config, self._processor, self._inputs)
            else:
                response.message = self._learning.stop(self._processor, self._inputs)
            response.success = True
            logger.info(f'{name}: {response.message}')
        except VprError as error:
            response.success, response.message = False, str(error)
            logger.warning(f'{name} refused: {error}')
        return response

    def _on_localize(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Say where the robot is by the last frame, or why that is unknown."""
        if self._processor is None or self._inputs is None:
            response.success, response.message = False, f'unknown: {_NOT_ACTIVE}'
        else:
            response.success, response.message = self._processor.localize(self._config.pose.max_age)
        return response


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    # More threads make a frame no faster, but wait for it by spinning: three times its CPU time.
    cv2.setNumThreads(1)
    warn_unknown_arguments(args)
    return run('vpr_node', VprNode, args)
