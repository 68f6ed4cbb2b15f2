"""Shows the progress of a set-up, one line per step, and logs the output of its commands."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO

TAIL_LINES = 15


class Failure(Exception):
    """
    An error that ends the set-up; its text says in one line what is wrong and what to do.

    `output` is the last output of the failed command, if there is one.
    """

    def __init__(self, text: str, output: str = '') -> None:
        super().__init__(text)
        self.output = output


class StepRunner:
    """Runs commands inside named steps; `log` gets their output, shown after a failure."""

    def __init__(self, log: IO[bytes], log_path: Path) -> None:
        self._log = log
        self._log_path = log_path
        self._tty = sys.stdout.isatty()
        self._name = ''
        self._start = 0.0
        self._notes: list[str] = []
        self._stopped = False

    def note(self, text: str) -> None:
        """Print a line under the current step, when the step is done."""
        self._notes.append(text)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show the name of a step while it runs, and then its duration."""
        self._name, self._start = name, time.monotonic()
        if not self._tty:
            print(f'  {name} ...', end='', flush=True)
        self._tick()
        try:
            yield
        except BaseException:
            print(' failed', flush=True)
            raise
        seconds = time.monotonic() - self._start
        line = f'{seconds:.1f} s'
        print(f'\r\033[K  {name}: {line}' if self._tty else f' {line}', flush=True)
        while self._notes:
            print(f'  ({self._notes.pop(0)})', flush=True)

    def run(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        advice: str,
        log_path: Path | None = None,
    ) -> None:
        """
        Run a command of the current step; raise Failure, with the advice, if it fails.

        `log_path`: a log of its own, for a command that runs at the same time as others.
        """
        words = [str(word) for word in command]
        path = log_path or self._log_path
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, 'ab') as log:
            start = log.seek(0, os.SEEK_END)
            log.write(f'$ {shlex.join(words)}\n'.encode())
            log.flush()
            # The set-up's log is locked (see bootstrap.py). A child that outlives this process
            # keeps it open, so that a second set-up waits until the child has ended too.
            with subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                pass_fds=[self._log.fileno()],
            ) as child:
                try:
                    while child.poll() is None:
                        if self._stopped:
                            child.terminate()
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            child.wait(timeout=1)
                        self._tick()
                except BaseException:
                    child.terminate()
                    raise
        if child.returncode != 0:
            raise Failure(f'{self._name} failed: {advice}; log: {path}', _tail(path, start))

    def side_by_side(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Run jobs at the same time, a thread each; raise the first error after all have ended."""
        with ThreadPoolExecutor(max_workers=max(len(jobs), 1)) as pool:
            futures = [pool.submit(job) for job in jobs]
            try:
                wait(futures)
            except BaseException:
                # The threads see the end of their commands, and end without starting others.
                self._stopped = True
                raise
        for future in futures:
            future.result()

    def _tick(self) -> None:
        if self._tty:
            seconds = time.monotonic() - self._start
            print(f'\r\033[K  {self._name}: {seconds:.0f} s', end='', flush=True)


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def _tail(path: Path, start: int) -> str:
    output = path.read_bytes()[start:].decode(errors='replace')
    return '\n'.join('  | ' + line for line in output.splitlines()[-TAIL_LINES:])
