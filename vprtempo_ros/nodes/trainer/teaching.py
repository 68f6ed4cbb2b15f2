"""Live teaching: ~/start, a drive, ~/finish, and a map, any number of times."""

from __future__ import annotations

import sys
from typing import Callable

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
from ...maps.extending import extends, settings_of_map
from ...maps.store import check_destination
from ...network.training import check_method
from ...options import Option
from ...sources.recordings import first_recording, how_to_train, unfinished_recordings
from ...support.several import several
from ..common.diagnostic_message import diagnostic_array
from ..common.names import full_name
from ..common.parameters import read, validate
from ..common.qos import LATCHED
from .drive_recorder import DriveRecorder
from .map_request import MapRequest
from .recording_monitor import RecordingMonitor
from .states import Idle, Recording, State, Stopped, Training
from .teaching_status import Outcome, teaching_status
from .training import ProgressPublisher, TrainingJob, recover_recording

# Periods of checking for changes of state, and of diagnostics, in seconds.
_POLL, _REPORT = 0.1, 1.0


class Teaching:
    """
    The services of live teaching and the state between them, in the thread of the executor.

    A recording with messages is never removed, even if no map is made of it.
    """

    def __init__(self, node: Node, progress: ProgressPublisher) -> None:
        """Offer the services; recover recordings that an earlier process did not finish."""
        self._node, self._progress, self._logger = node, progress, node.get_logger()
        self._request: MapRequest | None = None
        self._outcome = Outcome()
        self._states = node.create_publisher(String, STATE.name, LATCHED)
        self._diagnostics = node.create_publisher(DiagnosticArray, TEACHING_DIAGNOSTICS.name, 10)
        for entry, action in ((START, self._start), (FINISH, self._finish), (CANCEL, self._cancel)):
            node.create_service(Trigger, entry.name, self._service(entry.name, action))
        # Steady: diagnostics matter most while simulated time does not advance.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(_POLL, self._poll, clock=steady)
        node.create_timer(_REPORT, self._report, clock=steady)
        node.add_on_set_parameters_callback(self._on_parameters)
        self._enter(Idle())
        config = read(node, TrainerConfig)
        if any(config.bags):
            self._logger.warning('bags are not read while live.enabled is true')
        self._recover_unfinished(config)
        self._logger.info('ready: call ~/start, drive the route, call ~/finish')

    def end(self) -> int:
        """Finish the recording or cancel the training; return the exit status."""
        # Printed: after a signal the logging of ROS is gone.
        state = self._state
        if isinstance(state, Training):
            state.job.cancel()
            state.job.join()
            if state.job.map is None:
                print(
                    f'interrupted; no map was written; {_kept(state.drive)}',
                    file=sys.stderr,
                    flush=True,
                )
                return 130
        elif not isinstance(state, Idle):
            state.drive.close()
            print(
                f'interrupted while {state.name}; {_kept(state.drive)}', file=sys.stderr, flush=True
            )
        return 0

    def _start(self) -> str:
        if not isinstance(self._state, Idle):
            raise TeachingError(self._state.hint)
        config = read(self._node, TrainerConfig)
        # What would fail after the drive is checked before it.
        config = _checked(config)
        check_method(config.training)
        if config.cameras.names:
            raise TeachingError(
                'a taught drive is of one camera: leave cameras.names empty, or record several '
                'with ros2 bag record and train from that'
            )
        if config.live.load_into:
            full_name(self._node, 'live.load_into', config.live.load_into)
        drive = DriveRecorder(self._node, config)
        self._enter(Recording(drive, RecordingMonitor(drive)))
        poses = f' and {drive.pose_topic.name}' if drive.pose_topic else ', no poses'
        return (
            f'recording {drive.frame_topic.name}{poses} to {drive.recorder.path}; '
            f'{drive.recorder.free() / 1e9:.1f} GB may be written there'
        )

    def _finish(self) -> str:
        state = self._state
        if not isinstance(state, (Recording, Stopped)):
            raise TeachingError(state.hint)
        drive = state.drive
        config = read(self._node, TrainerConfig)
        try:
            drive.check_enough()
            config = _checked(config)
        except VprError as error:
            now = 'recording continues' if isinstance(state, Recording) else 'the recording is kept'
            raise TeachingError(f'{error}; {now}') from None
        if drive.pose_topic is not None and not drive.poses_received:
            self._logger.warning(
                f'no pose received on {drive.pose_topic.name}: the map has no poses'
            )
        # Messages that wait for the disk are written in the thread of the training.
        drive.stop()
        job = TrainingJob(
            drive.training_config(config), self._progress, self._logger, before=drive.close
        )
        self._enter(Training(drive, job, state.problem if isinstance(state, Stopped) else ''))
        places = drive.counter.places
        about = f' for about {several(places, "place")}' if places is not None else ''
        return f'training began{about} from {drive.frames_received} messages; see ~/progress'

    def _cancel(self) -> str:
        state = self._state
        if isinstance(state, Idle):
            raise TeachingError(state.hint)
        if isinstance(state, Training):
            state.job.cancel()
            return (
                f'training ends without a map; the recording is kept: {state.drive.recorder.path}'
            )
        state.drive.close()
        self._enter(Idle())
        return f'cancelled; {_kept(state.drive)}'

    def _poll(self) -> None:
        """Handle a recording that stopped, a training that is done, a map that was loaded."""
        state = self._state
        if isinstance(state, Recording) and state.drive.problem:
            self._stop(state.drive, state.drive.problem)
        elif isinstance(state, Training) and state.job.done:
            self._take_result(state)
        if self._request is not None and self._request.poll():
            self._log_response(self._request)
            self._request = None

    def _stop(self, drive: DriveRecorder, problem: str) -> None:
        drive.close()
        self._enter(Stopped(drive, problem))
        self._logger.error(
            f'{problem}; {drive.summary()}: ~/finish makes a map of it, ~/cancel leaves it there'
        )

    def _take_result(self, state: Training) -> None:
        drive, job = state.drive, state.job
        job.join()
        # Messages that waited for the disk at ~/finish may not have been written.
        problem = drive.recorder.problem
        late_problem = problem if problem != state.known_problem else ''
        if late_problem:
            self._logger.error(
                f'{late_problem}; {drive.recorder.dropped} messages were not recorded'
            )
        if job.map is not None:
            self._logger.info(f'taught; {drive.summary()}')
            if drive.config.live.load_into:
                self._request = MapRequest(self._node, drive.config.live.load_into, job.map)
        elif job.problem:
            self._logger.error(f'{job.problem}; {_kept(drive)}')
        else:
            self._logger.info(f'training cancelled, no map was written; {_kept(drive)}')
        self._outcome = Outcome(str(job.map or ''), job.problem or late_problem)
        self._enter(Idle())

    def _log_response(self, request: MapRequest) -> None:
        if request.problem:
            self._logger.error(
                f'{request.target} did not load {request.path}: {request.problem}; '
                f'later: ros2 param set {request.target} map {request.path}'
            )
            self._outcome = self._outcome._replace(problem=f'{request.target}: {request.problem}')
        else:
            self._logger.info(f'{request.target} loaded {request.path}')

    def _report(self) -> None:
        state = self._state
        hardware_id = '' if isinstance(state, Idle) else str(state.drive.recorder.path)
        status = teaching_status(state, self._outcome, self._progress.stage)
        self._diagnostics.publish(diagnostic_array(self._node, [status], hardware_id))

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Check new values; most options are in use from ~/start until the map is made."""
        return validate(read(self._node, TrainerConfig), parameters, self._fixed)[0]

    def _fixed(self, option: Option) -> str:
        """Return why an option must not change now; empty: it may."""
        if isinstance(self._state, Idle) or option.rule.dynamic:
            return ''
        return f'in use while {self._state.name}; set it before ~/start'

    def _service(
        self, name: str, action: Callable[[], str]
    ) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def respond(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                response.success, response.message = True, action()
                self._logger.info(f'{name}: {response.message}')
            except VprError as error:
                response.success, response.message = False, str(error)
                self._logger.warning(f'{name} refused: {error}')
            return response

        return respond

    def _enter(self, state: State) -> None:
        self._state: State = state
        self._states.publish(String(data=state.name))

    def _recover_unfinished(self, config: TrainerConfig) -> None:
        try:
            first = first_recording(config.live.recording, config.map)
        except SourceError:
            return
        for path in unfinished_recordings(first):
            recover_recording(path, self._logger, f'; to train from it: {how_to_train(path)}')


def _checked(config: TrainerConfig) -> TrainerConfig:
    """
    Return the configuration of a map that can be written, or of one that can be extended.

    :raises VprError: if neither is possible.
    """
    if extends(config):
        return settings_of_map(config)
    check_destination(config.map, config.overwrite)
    return config


def _kept(drive: DriveRecorder) -> str:
    """Return where a recording is that no map was made of."""
    if not drive.recorder.written:
        return drive.summary()
    return f'{drive.summary()}; to train from it later: {how_to_train(drive.recorder.path)}'
