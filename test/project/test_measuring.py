"""What is left out of the coverage, and that nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import TEST

pytest.importorskip('coverage', reason='needs coverage: make test')

NAMES = 'first', 'second', 'third', 'fourth'
_MODULE = '\n\n'.join(f'def {name}():\n    return {number}' for number, name in enumerate(NAMES))

_PROGRAM = """
import subprocess
import sys
import threading

from measured import first, fourth, second, third
from support.measuring import unmeasured, untraced

def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()

def in_process(name):
    subprocess.run([sys.executable, '-c', f'import measured; measured.{name}()'], check=True)

with unmeasured():
    second()
    in_thread(second)
    in_process('second')
untraced(third)()
first()
in_process('fourth')
assert fourth
"""


def test_what_is_unmeasured_is_not_in_the_report(tmp_path: Path) -> None:
    """Coverage goes on afterwards with what it had before, in processes too."""
    (tmp_path / 'measured.py').write_text(_MODULE)
    (tmp_path / 'program.py').write_text(_PROGRAM)
    (tmp_path / 'settings').write_text(
        '[run]\nbranch = true\nparallel = true\nsource_pkgs = measured\npatch = subprocess\n'
        f'data_file = {tmp_path}/data\n'
    )
    environment = {
        **{name: value for name, value in os.environ.items() if 'COVERAGE' not in name},
        'PYTHONPATH': os.pathsep.join((str(tmp_path), str(TEST))),
    }

    def coverage(*words: str) -> str:
        return subprocess.run(
            [
                sys.executable,
                '-m',
                'coverage',
                words[0],
                f'--rcfile={tmp_path}/settings',
                *words[1:],
            ],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    coverage('run', 'program.py')
    coverage('combine')
    report = coverage('report', '--show-missing')
    # The bodies of second and third, whose definitions are executed by the import.
    assert report.splitlines()[2].split()[-2:] == ['5,', '8'], report
