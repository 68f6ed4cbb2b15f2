#!/usr/bin/env python3
"""
Runs the tests for each ROS 2 and Python of robots, if this machine has the Python.

Each cell gets a virtual environment of its own in .venvs/, kept for the next run. Arguments are
passed to pytest. PyTorch is installed only where a build for CPUs is found.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENVS = ROOT / '.venvs'
TRACES = (
    *('AMENT_', 'CMAKE_PREFIX_PATH', 'COLCON_', 'LD_LIBRARY_PATH', 'PYTHON', 'VIRTUAL_ENV'),
    *('ROS_DISTRO', 'ROS_VERSION', '_ROS_WHEELS'),
)


class Cell(NamedTuple):
    """A combination to test, and what it stands for."""

    distro: str
    python: str
    why: str
    robot: bool = False
    lava: bool = True

    @property
    def name(self) -> str:
        """Name of the cell, and of its environment."""
        return f'{self.distro}-{self.python}'


class Outcome(NamedTuple):
    """Result of a cell: 'passed', 'FAILED' or 'skipped', and its details."""

    result: str
    detail: str


CELLS = (
    Cell('jazzy', '3.10', 'oldest Python (Ubuntu 22.04, Humble)'),
    Cell('jazzy', '3.11', 'reference, with PyTorch'),
    Cell('jazzy', '3.12', "Ubuntu 24.04's NumPy and OpenCV", robot=True),
    Cell('jazzy', '3.13', 'newest Python with wheels of ROS 2', lava=False),
)


def find_python(version: str) -> Path | None:
    """Return an interpreter of a version such as '3.12', or None."""
    name = f'python{version}'
    folders = [Path(folder) for folder in os.get_exec_path()]
    pyenv = Path(os.environ.get('PYENV_ROOT', Path.home() / '.pyenv'))
    folders += sorted(pyenv.glob(f'versions/{version}.*/bin'), reverse=True)
    query = 'import sys; print("%d.%d" % sys.version_info[:2])'
    for python in (folder / name for folder in folders if (folder / name).is_file()):
        # pyenv's shims are there for every version, and fail for those that are not selected.
        answer = subprocess.run([python, '-c', query], capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return python
    return None


def clean_environment() -> dict[str, str]:
    """Return the environment without the traces of a ROS 2 or a virtual environment around us."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(TRACES)}
    return {**kept, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}


def run_cell(cell: Cell, pytest_arguments: list[str]) -> Outcome:
    """Set up a cell's environment and run the tests in it."""
    python = find_python(cell.python)
    if python is None:
        return Outcome('skipped', f'no python{cell.python} on this machine')
    venv, env = VENVS / cell.name, clean_environment()
    setup: list[str | Path] = [python, HERE / 'bootstrap.py', '--venv', venv]
    setup += ['--distro', cell.distro, '--with', 'test']
    if cell.lava:
        setup += ['--with', 'lava']
    if cell.robot:
        setup += ['--constraint', HERE / 'constraints-robot.txt']
    if subprocess.run(setup, env=env).returncode:
        return Outcome('FAILED', f'set-up; log: {venv}.log')
    command: list[str | Path] = [venv / 'bin' / 'python', '-m', 'pytest', '-n', 'auto']
    command += ['--dist', 'worksteal']
    command += pytest_arguments
    last = ''
    with subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE) as tests:
        assert tests.stdout is not None
        for line in tests.stdout:
            print(line, end='', flush=True)
            last = line.strip(' =\n') or last
    return Outcome('FAILED' if tests.returncode else 'passed', last)


def main() -> int:
    """Run all cells and print the table; return the exit status."""
    rows = []
    for cell in CELLS:
        print(f'\n=== {cell.name}: {cell.why}', flush=True)
        begun = time.monotonic()
        outcome = run_cell(cell, sys.argv[1:])
        rows.append((cell, outcome, f'{time.monotonic() - begun:.0f} s'))
    print(f'\n{"ROS 2":8}{"Python":8}{"result":9}{"time":>7}  detail')
    for cell, outcome, seconds in rows:
        detail = f'{outcome.detail} [{cell.why}]'
        print(f'{cell.distro:8}{cell.python:8}{outcome.result:9}{seconds:>7}  {detail}')
    results = [outcome.result for _, outcome, _ in rows]
    # A machine with none of the interpreters has tested nothing, which is no success.
    return 0 if 'FAILED' not in results and 'passed' in results else 1


if __name__ == '__main__':
    sys.exit(main())
