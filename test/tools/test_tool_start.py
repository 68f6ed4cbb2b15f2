"""The executables that setup.py names: each is there, and an interrupt of its start is quiet."""

from __future__ import annotations

import importlib.util
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from support import ROOT

from vprtempo_ros.nodes.start import PROGRAMS
from vprtempo_ros.tools import start

NAMED = re.findall(r"'(\w+) = vprtempo_ros\.(\w+)\.start:(\w+)'", (ROOT / 'setup.py').read_text())


def test_every_executable() -> None:
    """A name is that of a function, which knows the module of the program."""
    assert {name for name, package, _ in NAMED if package == 'nodes'} == set(PROGRAMS)
    for name, package, function in NAMED:
        assert name == function
        if package == 'tools':
            found = getattr(start, function)
            assert isinstance(found, partial)
            assert importlib.util.find_spec(f'vprtempo_ros.{found.args[0]}') is not None


KILL = 'os.kill(os.getpid(), signal.SIGINT)\n'
INTERRUPT = f'import os, signal\n{KILL}'


@pytest.mark.parametrize(
    ('before', 'source', 'status', 'said'),
    [
        ('default_int_handler', INTERRUPT, -signal.SIGINT, ''),
        ('default_int_handler', 'def main():\n    raise KeyboardInterrupt', 130, 'interrupted\n'),
        ('default_int_handler', 'def main():\n    return 3', 3, ''),
        # As in the background of a script.
        ('SIG_IGN', f'{INTERRUPT}def main():\n    {KILL}    return 3', 3, ''),
    ],
)
def test_interrupted(tmp_path: Path, before: str, source: str, status: int, said: str) -> None:
    """During imports, and after them, there is no traceback; who ignores interrupts still does."""
    (tmp_path / 'program.py').write_text(source)
    code = (
        f'import signal, sys; signal.signal(signal.SIGINT, signal.{before}); '
        'import vprtempo_ros; vprtempo_ros.__path__.append(sys.argv[1]); '
        "from vprtempo_ros.tools.start import run; sys.exit(run('program'))"
    )
    done = subprocess.run(
        [sys.executable, '-c', code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, '', said)
