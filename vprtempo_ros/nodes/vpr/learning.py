"""~/learn_start and ~/learn_stop: the map in use is extended by what is seen in between."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ...config import NodeConfig
from ...errors import TeachingError, VprError
from ...executors.executor import Task, Work
from ...health.learning import LearningState
from ...learning.journal import journal_of
from ...maps.document import MAP
from ...maps.edit_lock import locked
from ...maps.store import checksums
from ...support.blas import BlasThreads
from ...support.paths import user_path
from .frame_processor import FrameProcessor

if TYPE_CHECKING:
    from rclpy.impl.rcutils_logger import RcutilsLogger

    from ...learning.basis import Basis
    from ...learning.finishing import Finished
    from .subscriptions import InputSubscriptions

R = TypeVar('R')

# Backends that take another network in a moment.
_BACKENDS = ('numpy', 'torch')


class _Taught(NamedTuple):
    """A map that is being extended, and its lock."""

    folder: Path
    lock: ExitStack


class Learning:
    """
    Extends the map of a node; all methods are called from one thread.

    A map is trained with what was learnt in a process of its own, so that frames are matched
    meanwhile. If that is cut off, it is done when the node is active the next time.
    """

    def __init__(self, logger: RcutilsLogger) -> None:
        """Start with nothing to do."""
        self._logger = logger
        self._taught: _Taught | None = None
        self._preparing: _Job[Basis] | None = None
        self._finishing: _Job[Finished] | None = None
        self._problem = ''
        # Whether a revision was made that is not in use yet.
        self.made = False

    @property
    def busy(self) -> bool:
        """Whether the map in use is being extended, so that no other may take its place."""
        return self._taught is not None or self._finishing is not None

    def state(self, processor: FrameProcessor | None) -> LearningState:
        """Return what is being learnt, for the diagnostics."""
        learner = processor.learner if processor is not None else None
        if learner is None:
            return LearningState('finishing' if self._finishing else 'off', problem=self._problem)
        counts, journal = learner.counts, learner.journal
        return LearningState(
            'learning',
            counts.new,
            counts.branches,
            counts.changed,
            learner.in_network,
            journal.written,
            journal.size,
            counts.mean,
            counts.longest,
            learner.problem or self._problem,
        )

    def start(
        self, config: NodeConfig, processor: FrameProcessor, inputs: InputSubscriptions
    ) -> str:
        """
        Begin to learn; return what is learnt in words.

        :raises VprError: if the map cannot be extended.
        """
        folder = self._checked(config, processor)
        lock = ExitStack()
        lock.enter_context(locked(folder))
        try:
            self._begin(config, processor, inputs, folder)
        except BaseException:
            lock.close()
            raise
        self._taught, self._problem = _Taught(folder, lock), ''
        return (
            f'learning: new stretches, and places of {config.map} that have changed; '
            '~/learn_stop makes the next revision of them'
        )

    def stop(self, processor: FrameProcessor, inputs: InputSubscriptions) -> str:
        """
        End learning, and begin to make the next revision.

        :raises VprError: if nothing is being learnt.
        """
        if self._taught is None:
            raise TeachingError('nothing is being learnt: call ~/learn_start first')
        counts = inputs.run_between_items(processor.stop_learning)
        folder = self._close()
        self._finish(folder)
        if counts is None or not counts.places:
            return 'nothing new was seen'
        return (
            f'learnt {counts.new} new place(s) in {counts.branches} stretch(es) and '
            f'{counts.changed} changed place(s); the next revision is being made, ~/info will '
            'have its number'
        )

    def recover(self, config: NodeConfig) -> None:
        """Finish what an earlier run of the node has learnt and not finished."""
        folder = Path(os.path.realpath(user_path(config.map)))
        if self.busy or not journal_of(folder).exists():
            return
        if not config.learning.enabled:
            self._logger.warning(
                f'{config.map}: places that were learnt before are not in the map yet: set '
                'learning.enabled to true'
            )
            return
        self._logger.warning(
            f'{config.map}: places that were learnt before are added to the map now'
        )
        self._finish(folder)

    def poll(self, processor: FrameProcessor, inputs: InputSubscriptions | None) -> None:
        """Take what has become ready."""
        if self._preparing is not None and self._preparing.done:
            job, self._preparing = self._preparing, None
            if job.result is None:
                self._problem = job.problem
                self._logger.error(f'{job.problem}; new places are known after ~/learn_stop only')
            elif inputs is not None:
                basis = job.result
                inputs.run_between_items(lambda: processor.use_basis(basis))
                self._logger.info('new places are recognised from now on')
        if self._finishing is not None and self._finishing.done:
            done, self._finishing = self._finishing, None
            if done.result is None:
                self._problem = done.problem
                self._logger.error(
                    f'what was learnt is not in the map: {done.problem}; it is kept, and tried '
                    'again when the node is activated'
                )
                return
            self._logger.info(done.result.summary)
            self.made = done.result.revision is not None

    def end(self, processor: FrameProcessor | None) -> None:
        """End everything at once; what was learnt is kept. No frame is being processed."""
        if processor is not None:
            processor.stop_learning()
        if self._taught is not None:
            self._close()
        if self._finishing is not None:
            self._finishing.cancel()
            self._finishing = None
        self.made = False

    def _checked(self, config: NodeConfig, processor: FrameProcessor) -> Path:
        """Return the folder of the map in use, if it can be extended."""
        if not config.learning.enabled:
            raise TeachingError('learning is off: start vpr_node with learning.enabled: true')
        if self._taught is not None:
            raise TeachingError('learning is under way: call ~/learn_stop first')
        if self._finishing is not None or self.made:
            raise TeachingError(
                'the map is being trained with what was learnt before: try again once ~/info has '
                'the next revision'
            )
        # Only here, as are other parts of learning: a node that does not learn starts faster.
        from ...maps.revisions import obstacle

        loaded = processor.loaded
        if len(loaded.cameras) > 1:
            raise TeachingError(
                'a map of several cameras cannot be extended while it is in use: record a drive, '
                'and train again'
            )
        folder = Path(os.path.realpath(user_path(config.map)))
        if reason := obstacle(loaded.recogniser.map, folder):
            raise TeachingError(f'{config.map}: {reason}')
        if loaded.on_disk.changed:
            raise TeachingError(
                f'{config.map} has been replaced, and the map in use is another one: set the '
                'parameter map to it first'
            )
        backend = loaded.recogniser.backend.name
        if backend not in _BACKENDS:
            raise TeachingError(
                f'backend {backend} cannot take new places while it runs: set backend.name to '
                f'{" or ".join(_BACKENDS)}'
            )
        if config.backend.search == 'two_stage':
            raise TeachingError(
                'backend.search: two_stage cannot take new places while it runs: leave it empty, '
                'and all responses are computed until the map is saved'
            )
        if loaded.recogniser.map.config.places.by == 'metres' and not config.uses_odometry:
            raise TeachingError(
                f'places of {config.map} are by metres, which needs odometry: set input.odometry '
                'to true'
            )
        return folder

    def _begin(
        self,
        config: NodeConfig,
        processor: FrameProcessor,
        inputs: InputSubscriptions,
        folder: Path,
    ) -> None:
        from ...learning.basis import BasisTask, basis_of
        from ...learning.learner import Learner, head_of
        from ...network.ridge import check_scipy

        # Not while the first new place is waited for, and with as few threads as the backend.
        check_scipy()
        BlasThreads.hold()
        loaded = processor.loaded.recogniser.map
        file = journal_of(folder)
        if file.exists():
            self._logger.warning(f'{file} is of before: it is finished first')
            self._finish(folder)
            raise TeachingError(
                'the map is being trained with what was learnt before: try again once ~/info has '
                'the next revision'
            )
        now = datetime.now(timezone.utc).isoformat(timespec='milliseconds')
        head = head_of(loaded, checksums(folder).get(MAP, ''), f'learnt on the road {now}')
        learner = Learner(loaded, file, head, config.learning.max_places)
        inputs.run_between_items(lambda: processor.start_learning(learner, config))
        self._preparing = _Job(basis_of, BasisTask(str(folder)))

    def _finish(self, folder: Path) -> None:
        from ...learning.finishing import FinishTask, finish_learning

        self._problem = ''
        self._finishing = _Job(finish_learning, FinishTask(str(folder)))

    def _close(self) -> Path:
        assert self._taught is not None
        taught, self._taught = self._taught, None
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
        taught.lock.close()
        return taught.folder


class _Cancelled(Exception):
    pass


class _Job(Generic[R]):
    """A task in a process of its own; once `done`, its result, or a problem in one line."""

    def __init__(self, work: Work[R], task: Task) -> None:
        self.done, self.problem = False, ''
        self.result: R | None = None
        self._work, self._task = work, task
        self._cancelled = False
        self._thread = Thread(target=self._run, name='learning')
        self._thread.start()

    def cancel(self) -> None:
        """End the process, and wait for that."""
        self._cancelled = True
        self._thread.join()

    def _run(self) -> None:
        from ...executors.processes import Processes

        try:
            Processes(1).run(self._work, [self._task], 'learning', self._report, self._take)
        except _Cancelled:
            pass
        except VprError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - the node must go on
            self.problem = f'unexpected {type(error).__name__}: {" ".join(str(error).split())}'
        self.done = True

    def _report(self, stage: str, done: int, total: int) -> None:
        if self._cancelled:
            raise _Cancelled

    def _take(self, number: int, result: R) -> None:
        self.result = result
