"""Forks of a process that has imported the package behave as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENCE, forking

_SHOW = """
import os, signal, sys, threading
print(sys.argv, os.environ['GIVEN'], os.getcwd(), 'ONLY_HERE' in os.environ)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, threading.active_count())
print('rclpy' in sys.modules, 'vprtempo_ros.maps.store' in sys.modules)
print('error', file=sys.stderr)
sys.exit(3)
"""


def test_what_a_fork_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments, environment, folder and signals are those of a new process; imports are done."""
    environment = {**os.environ, 'GIVEN': 'value'}
    monkeypatch.setenv('ONLY_HERE', '1')
    monkeypatch.chdir(tmp_path)
    done = forking.run([sys.executable, '-c', _SHOW, 'a', 'b'], PATIENCE, environment)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        f"['-c', 'a', 'b'] value {tmp_path} False",
        'True 1',
        'True True',
    ]
    assert done.stderr == 'error\n'


def test_an_exception_is_a_traceback() -> None:
    """Its exit status is 1, as that of a new process."""
    done = forking.run([sys.executable, '-c', 'raise ValueError(5)'], PATIENCE, dict(os.environ))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == 'ValueError: 5'


@pytest.mark.parametrize(
    ('last', 'status', 'errors'),
    [
        ('pass', 0, ''),
        ('sys.exit()', 0, ''),
        ('sys.exit(258)', 2, ''),
        ('sys.exit("wrong")', 1, 'wrong\n'),
        # What is printed is lost.
        ('sys.stdout = open("/dev/full", "w")', 120, None),
    ],
)
def test_what_a_fork_does_at_its_end(last: str, status: int, errors: str | None) -> None:
    """Threads are waited for, `atexit` is served, what was printed is written."""
    text = f"""
import atexit, sys, threading, time
atexit.register(print, 'at the end')
threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()
{last}
"""
    done = forking.run([sys.executable, '-c', text], PATIENCE, dict(os.environ))
    assert done.returncode == status
    if errors is not None:
        assert (done.stdout, done.stderr) == ('thread\nat the end\n', errors)


def test_a_module_is_run(tmp_path: Path) -> None:
    """As `python -m` runs it, with its usage under its own name."""
    words = [sys.executable, '-m', 'vprtempo_ros.tools.map_info', str(tmp_path / 'none')]
    done = forking.run(words, PATIENCE, dict(os.environ))
    assert done.returncode == 1
    assert f'{tmp_path / "none"}: no such map' in done.stderr


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_end_a_fork(tmp_path: Path, number: int) -> None:
    """It runs until then; the status is the signal's, and stays so."""
    # A signal is not missed, however early it comes.
    words = [sys.executable, '-c', 'import time; time.sleep(600)']
    with (
        (tmp_path / 'output').open('w') as output,
        forking.running(words, dict(os.environ), output) as process,
    ):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(PATIENCE) == -number
        process.send_signal(number)
        assert process.poll() == process.returncode == -number
