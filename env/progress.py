"""Shows the progress of a set-up, one line per step, and logs the output of its commands."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
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

    def note(self, text: str) -> None:
        """Print a line that is not a step."""
        print(text, flush=True)

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

    def run(self, command: Sequence[str | Path], env: Mapping[str, str], advice: str) -> None:
        """Run a command of the current step; raise Failure, with the advice, if it fails."""
        words = [str(word) for word in command]
        start = self._log.seek(0, os.SEEK_END)
        self._log.write(f'$ {shlex.join(words)}\n'.encode())
        self._log.flush()
        # The log is locked (see bootstrap.py). A child that outlives this process keeps it open, so
        # that a second set-up waits until the child has ended too.
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, env=env
        ) as child:
            try:
                while child.poll() is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        child.wait(timeout=1)
                    self._tick()
            except BaseException:
                child.terminate()
                raise
        if child.returncode != 0:
            text = f'{self._name} failed: {advice}; log: {self._log_path}'
            raise Failure(text, self._tail(start))

    def _tick(self) -> None:
        if self._tty:
            seconds = time.monotonic() - self._start
            print(f'\r\033[K  {self._name}: {seconds:.0f} s', end='', flush=True)

    def _tail(self, start: int) -> str:
        output = self._log_path.read_bytes()[start:].decode(errors='replace')
        return '\n'.join('  | ' + line for line in output.splitlines()[-TAIL_LINES:])
