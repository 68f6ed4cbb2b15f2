"""Live teaching: from ~/start over a drive and ~/finish to a map, as often as one likes."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any, Callable

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import Trigger

from ...config import TrainerConfig
from ...errors import SourceError, TeachingError, VprError
from ...interface import CANCEL, FINISH, START, STATE, TEACHING_DIAGNOSTICS
from ...maps.store import check_destination
from ...network.training import check_method
from ...options import options
from ...sources.recordings import first_recording, how_to_train, unfinished_recordings
from ..common.names import full_name
from ..common.parameters import read, validate
from ..common.qos import LATCHED
from .drive import Drive
from .map_request import MapRequest
from .teaching_status import TeachingStatus
from .training import ProgressPublisher, Training

# How often it is looked after what goes on by itself, and reported, in seconds.
_POLL, _REPORT = 0.1, 1.0
# What may change while the others are in use.
_ALWAYS = {item.name for item in options(TrainerConfig) if item.rule.dynamic}


class State(Enum):
    """What the node is doing; `stopped` is a recording that ended by itself."""

    IDLE = 'idle'
    RECORDING = 'recording'
    STOPPED = 'stopped'
    TRAINING = 'training'


# What to do in a state in which something else was asked for.
_INSTEAD = {
    State.IDLE: 'nothing is being recorded: call ~/start first',
    State.RECORDING: 'a recording is under way: call ~/finish or ~/cancel first',
    State.STOPPED: 'a recording that stopped waits for ~/finish or ~/cancel',
    State.TRAINING: 'training is under way: wait for it, or call ~/cancel',
}


class Teaching:
    """
    The services, and the state between them; everything runs in the node's executor.

    Nothing that was recorded is ever removed here, whatever becomes of the map.
    """

    def __init__(self, node: Node, telling: ProgressPublisher) -> None:
        """Offer the services; name recordings that an earlier life left unfinished."""
        self._node, self._telling, self._logger = node, telling, node.get_logger()
        self._drive: Drive | None = None
        self._training: Training | None = None
        self._request: MapRequest | None = None
        self._status = TeachingStatus(node.get_fully_qualified_name())
        self._states = node.create_publisher(String, STATE.name, LATCHED)
        self._diagnostics = node.create_publisher(DiagnosticArray, TEACHING_DIAGNOSTICS.name, 10)
        for entry, action in ((START, self._start), (FINISH, self._finish), (CANCEL, self._cancel)):
            node.create_service(Trigger, entry.name, self._answering(entry.name, action))
        # Steady: they matter most while a simulated time does not come.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(_POLL, self._poll, clock=steady)
        node.create_timer(_REPORT, self._report, clock=steady)
        node.add_on_set_parameters_callback(self._on_parameters)
        self._enter(State.IDLE)
        config = read(node, TrainerConfig)
        if any(config.bags):
            self._logger.warning('bags are not read while live.enabled is true')
        self._name_unfinished(config)
        self._logger.info('ready: call ~/start, drive the route, call ~/finish')

    def end(self) -> int:
        """End what is under way, in order; return the exit status."""
        # After a signal ROS's logging is gone.
        if self._training is not None:
            assert self._drive is not None
            self._training.cancel()
            self._training.join()
            if self._training.map is None:
                print(
                    f'interrupted; no map was written; {self._kept(self._drive)}',
                    file=sys.stderr,
                    flush=True,
                )
                return 130
        elif self._drive is not None:
            self._drive.close()
            print(
                f'interrupted while {self._state.value}; {self._kept(self._drive)}',
                file=sys.stderr,
                flush=True,
            )
        return 0

    def _start(self) -> str:
        self._expect(State.IDLE)
        config = read(self._node, TrainerConfig)
        check_destination(config.map, config.overwrite)
        # Before the drive, not after it.
        check_method(config.training)
        if config.live.load_into:
            full_name(self._node, 'live.load_into', config.live.load_into)
        self._drive = drive = Drive(self._node, config)
        self._enter(State.RECORDING)
        poses = f' and {drive.poses.name}' if drive.poses is not None else ', no poses'
        return (
            f'recording {drive.frames.name}{poses} to {drive.recorder.path}; '
            f'{drive.recorder.free() / 1e9:.1f} GB may be written there'
        )

    def _finish(self) -> str:
        self._expect(State.RECORDING, State.STOPPED)
        drive = self._drive
        assert drive is not None
        config = read(self._node, TrainerConfig)
        try:
            drive.check_enough()
            check_destination(config.map, config.overwrite)
        except VprError as error:
            then = (
                'recording goes on'
                if self._state is State.RECORDING
                else 'what was recorded is kept'
            )
            raise TeachingError(f'{error}; {then}') from None
        if drive.poses is not None and not drive.poses_heard:
            self._logger.warning(f'no pose came on {drive.poses.name}: the map has none')
        # What waits for the disk is written in the thread of the training.
        drive.stop()
        self._training = Training(
            drive.settings(config), self._telling, self._logger, before=drive.close
        )
        self._enter(State.TRAINING)
        places = drive.counter.places
        about = f' for about {places} places' if places is not None else ''
        return f'training began{about} from {drive.heard} messages; ~/progress tells how far it is'

    def _cancel(self) -> str:
        self._expect(State.RECORDING, State.STOPPED, State.TRAINING)
        drive = self._drive
        assert drive is not None
        if self._training is not None:
            self._training.cancel()
            return f'training ends without a map; the recording is kept: {drive.recorder.path}'
        drive.close()
        self._drive = None
        self._enter(State.IDLE)
        return f'cancelled; {self._kept(drive)}'

    def _poll(self) -> None:
        """Take note of what ended by itself."""
        drive = self._drive
        if self._state is State.RECORDING and drive is not None:
            problem = drive.problem or drive.recorder.problem
            if problem:
                drive.problem = problem
                drive.close()
                self._enter(State.STOPPED)
                self._logger.error(
                    f'{problem}; {drive.summary()}: ~/finish makes a map of it, '
                    '~/cancel leaves it there'
                )
        if self._training is not None and self._training.done:
            self._take_result(self._training)
        if self._request is not None and self._request.poll():
            self._tell_answer(self._request)

    def _take_result(self, training: Training) -> None:
        training.join()
        drive = self._drive
        assert drive is not None
        self._training = self._drive = None
        # What became of the messages that still waited for the disk.
        late = drive.recorder.problem if drive.recorder.problem != drive.problem else ''
        if late:
            self._logger.error(f'{late}; {drive.recorder.dropped} messages were not recorded')
        if training.map is not None:
            self._logger.info(f'taught; {drive.summary()}')
            if drive.config.live.load_into:
                self._request = MapRequest(self._node, drive.config.live.load_into, training.map)
        elif training.problem:
            self._logger.error(f'{training.problem}; {self._kept(drive)}')
        else:
            self._logger.info(f'training cancelled, no map was written; {self._kept(drive)}')
        self._status.last_map = str(training.map or '')
        self._status.last_problem = training.problem or late
        self._enter(State.IDLE)

    def _tell_answer(self, request: MapRequest) -> None:
        self._request = None
        if request.problem:
            self._logger.error(
                f'{request.target} did not load {request.path}: {request.problem}; '
                f'later: ros2 param set {request.target} map {request.path}'
            )
            self._status.last_problem = f'{request.target}: {request.problem}'
        else:
            self._logger.info(f'{request.target} loaded {request.path}')

    def _report(self) -> None:
        array = DiagnosticArray(
            status=[self._status.message(self._state.value, self._drive, self._telling.stage)]
        )
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Check new values; what a recording was begun with holds until its map is made."""
        result, _ = validate(TrainerConfig, parameters, locked=False)
        known = {item.name for item in options(TrainerConfig)}
        if result.successful and self._state is not State.IDLE:
            for name in (parameter.name for parameter in parameters):
                if name in known - _ALWAYS:
                    return SetParametersResult(
                        successful=False,
                        reason=(f'{name}: in use while {self._state.value}; set it before ~/start'),
                    )
        return result

    def _answering(self, name: str, action: Callable[[], str]) -> Callable[[Any, Any], Any]:
        def answer(request: Any, response: Any) -> Any:
            try:
                response.success, response.message = True, action()
                self._logger.info(f'{name}: {response.message}')
            except VprError as error:
                response.success, response.message = False, str(error)
                self._logger.warning(f'{name} refused: {error}')
            return response

        return answer

    def _expect(self, *states: State) -> None:
        if self._state not in states:
            raise TeachingError(_INSTEAD[self._state])

    def _enter(self, state: State) -> None:
        self._state = state
        self._states.publish(String(data=state.value))

    def _kept(self, drive: Drive) -> str:
        """Say where a recording lies that no map was made of."""
        if not drive.recorder.written:
            return drive.summary()
        return f'{drive.summary()}; to train from it later: {how_to_train(drive.recorder.path)}'

    def _name_unfinished(self, config: TrainerConfig) -> None:
        try:
            first = first_recording(config.live.recording, config.map)
        except SourceError:
            return
        for path in unfinished_recordings(first):
            self._logger.warning(
                f'{path}: a recording that was cut off, by a crash or a loss of '
                f'power; to train from it: {how_to_train(path)}'
            )
