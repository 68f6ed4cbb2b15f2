"""
The executor that is a cluster of machines, through Dask.

Tasks go to workers that see their recordings. Dask itself runs a task again whose worker has died.
Its protocol is made of pickles: anyone who reaches the scheduler can run anything on all machines
of the cluster, so it belongs into a network of its own.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, VprError
from ..support.progress import ProgressCallback
from ..version import __version__
from .executor import R, Take, Task, TotalProgress, Work, seldom

if TYPE_CHECKING:
    from distributed import Client, Future

# How long the scheduler, a first worker, and a worker that sees a recording may take, in seconds.
_CONNECT, _FIRST, _LOST = 10.0, 30.0, 60.0
# Time between two looks at the workers, and at the tasks, in seconds.
_POLL, _LOOK = 1.0, 0.05
# Of asyncio's own class before Python 3.11.
_TIMEOUTS = (TimeoutError, asyncio.TimeoutError)


class DaskCluster:
    """Runs tasks on the workers of a Dask scheduler."""

    def __init__(self, scheduler: str) -> None:
        """
        Take the address of the scheduler, such as `tcp://host:8786`.

        :raises ConfigError: if there is none, or distributed is not installed.
        """
        if not scheduler:
            raise ConfigError(
                'training.executor dask needs training.scheduler, such as tcp://host:8786: start '
                'one with `dask scheduler`'
            )
        _library()
        self._address = scheduler

    def run(
        self,
        work: Work[R],
        tasks: Sequence[Task],
        stage: str,
        progress: ProgressCallback,
        take: Take[R],
    ) -> None:
        """Run the tasks; their order on the cluster is that of Dask."""
        total = TotalProgress(stage, len(tasks), progress)
        with self._connected() as client:
            seen_by = self._seen_by(client, [task.path for task in tasks])
            _Run(client, self._address, total, seen_by).run(work, tasks, take)

    @contextmanager
    def _connected(self) -> Iterator[Client]:
        distributed = _library()
        with _silent_logs():
            try:
                client = distributed.Client(self._address, timeout=_CONNECT, set_as_default=False)
            except (OSError, ValueError, *_TIMEOUTS) as error:
                raise ConfigError(
                    f'no Dask scheduler at {self._address} ({_line(error)}): start it with '
                    '`dask scheduler`, or set training.scheduler to its address'
                ) from None
            try:
                yield client
            finally:
                client.close(timeout=_POLL)

    def _seen_by(self, client: Client, paths: list[str]) -> list[list[str]]:
        """Return the hosts whose workers see each path, once all are known to have the package."""
        # It reads the functions of tasks too.
        _checked(f'scheduler {self._address}', client.run_on_scheduler(_probe(), []))
        try:
            client.wait_for_workers(1, timeout=_FIRST)
        except _TIMEOUTS:
            raise ConfigError(
                f'the Dask scheduler at {self._address} has no workers: start `dask worker '
                f'{self._address}` on the machines that see the recordings'
            ) from None
        answers = client.run(_probe(), paths, on_error='return')
        hosts: list[set[str]] = [set() for _ in paths]
        for address, answer in answers.items():
            for found, exists in zip(hosts, _checked(f'worker {address}', answer)):
                if exists:
                    found.add(_host(address))
        for path, found in zip(paths, hosts):
            if not found:
                raise VprError(
                    f'{path}: no worker of the Dask cluster sees it ({len(answers)} worker(s) on '
                    f'{", ".join(sorted({_host(each) for each in answers}))}): give a path that is '
                    'the same on all machines, or start a worker where it is'
                )
        return [sorted(found) for found in hosts]


class _Run:
    """The tasks of one call on the cluster."""

    def __init__(
        self, client: Client, address: str, total: TotalProgress, seen_by: list[list[str]]
    ) -> None:
        self._client, self._address, self._total = client, address, total
        self._seen_by = seen_by
        self._missing_since: float | None = None

    def run(self, work: Work[R], tasks: Sequence[Task], take: Take[R]) -> None:
        name = f'vprtempo_ros-{uuid.uuid4().hex}'
        reports: list[tuple[int, int, int]] = []
        # Called in a thread of the client.
        self._client.subscribe_topic(name, lambda event: reports.append(event[1]))
        pending = {
            self._client.submit(
                _remote,
                work,
                task,
                number,
                name,
                key=f'{name}-{number}',
                workers=self._seen_by[number],
                pure=False,
            ): number
            for number, task in enumerate(tasks)
        }
        try:
            while pending:
                for future in self._finished(pending):
                    number = pending.pop(future)
                    take(number, self._result(future, tasks[number]))
                    self._total.report(number, 1, 1)
                while reports:
                    self._total.report(*reports.pop(0))
                self._total.show()
                self._check_workers(tasks, pending)
        finally:
            self._client.cancel(list(pending))
            self._client.unsubscribe_topic(name)

    def _finished(self, pending: dict[Future, int]) -> list[Future]:
        """Return the tasks that are done, once there is one or some time has passed."""
        until = time.monotonic() + _POLL
        while True:
            done = [future for future in pending if future.done()]
            if done or time.monotonic() > until:
                return done
            time.sleep(_LOOK)

    def _result(self, future: Future, task: Task) -> Any:
        from distributed import KilledWorker

        try:
            return future.result()
        except VprError:
            raise
        except KilledWorker:
            raise VprError(
                f'{task.path}: several workers of the Dask cluster died while they read it: is '
                'there enough memory on them?'
            ) from None
        except Exception as error:
            if future.status == 'error':
                # Raised by the task: a defect, with the traceback of the worker.
                raise
            raise self._lost(error) from None

    def _check_workers(self, tasks: Sequence[Task], pending: dict[Future, int]) -> None:
        """Give up once no worker has been there for a while that a task could run on."""
        try:
            hosts = {_host(address) for address in self._client.nthreads()}
        except Exception as error:  # noqa: BLE001 - as above
            raise self._lost(error) from None
        missing = [
            number for number in pending.values() if not hosts.intersection(self._seen_by[number])
        ]
        if not missing:
            self._missing_since = None
            return
        now = time.monotonic()
        self._missing_since = self._missing_since or now
        if now - self._missing_since > _LOST:
            raise VprError(
                f'{tasks[missing[0]].path}: the workers of the Dask cluster that saw it are gone; '
                'start one again where it is'
            )

    def _lost(self, error: BaseException) -> VprError:
        return VprError(
            f'the Dask scheduler at {self._address} was lost ({_line(error)}); start the training '
            'again when it is back'
        )


@contextmanager
def _silent_logs() -> Iterator[None]:
    """Keep Dask from logging tracebacks: what goes wrong is said in one line of ours."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith('distributed')]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _remote(work: Work[R], task: Task, number: int, topic: str) -> R:
    """Work on a task on a worker."""
    from distributed import get_worker

    worker = get_worker()
    report = seldom(lambda done, total: worker.log_event(topic, (number, done, total)))
    try:
        return work(task, report)
    except VprError as error:
        raise type(error)(f'{error} (on worker {socket.gethostname()})') from None


def _probe() -> Any:
    """Return a function that travels as code, since a worker may not have the package."""

    def probe(paths: list[str]) -> tuple[str, list[bool]]:
        from pathlib import Path

        try:
            from vprtempo_ros.version import __version__ as version
        except ImportError:
            version = ''
        return version, [Path(path).expanduser().exists() for path in paths]

    return probe


def _checked(who: str, answer: object) -> list[bool]:
    """
    Return which paths a worker sees.

    :raises ConfigError: if it cannot run the tasks.
    """
    if not isinstance(answer, tuple):
        raise ConfigError(
            f'Dask {who} cannot run vprtempo_ros ({_line(answer)}): use the same '
            'versions of Python and dask on all machines'
        )
    version, there = answer
    if version != __version__:
        found = f'has vprtempo_ros {version}' if version else 'has no vprtempo_ros'
        raise ConfigError(
            f'Dask {who} {found}, expected {__version__}: install it there, in the '
            'environment that it runs in'
        )
    return list(there)


def _host(address: str) -> str:
    """Return the host in tcp://host:port."""
    return address.rpartition('//')[2].rpartition(':')[0].strip('[]')


def _line(error: object) -> str:
    text = ' '.join(str(error).split())
    return f'{type(error).__name__}: {text:.200}' if text else type(error).__name__


def _library() -> Any:
    """
    Return distributed.

    :raises ConfigError: if it is not installed.
    """
    try:
        import distributed
    except ImportError:
        raise ConfigError(
            'training.executor dask: distributed is not installed: pip install distributed (or the '
            'extra dask of vprtempo_ros), here and on the workers'
        ) from None
    return distributed
