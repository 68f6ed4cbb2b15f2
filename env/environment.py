"""The environment to make: where, for which ROS 2, and from which machine."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

from progress import Failure, StepRunner

ROOT = Path(__file__).resolve().parent.parent
# Newest Python that ROS 2 comes as wheels for: with another, pip would build NumPy for minutes.
NEWEST_WITH_WHEELS = (3, 13)
# Variables of a shell or an environment around this one that would lead tools astray.
FOREIGN = ('PYTHONHOME', 'VIRTUAL_ENV', '_ROS_WHEELS_BOOTSTRAP_COMPLETE')
FOREIGN_TO_WHEELS = ('PYTHONPATH', 'AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'LD_LIBRARY_PATH')


class Setup(NamedTuple):
    """What to make. `sourced`: on top of the ROS 2 of this shell; else ROS 2 comes as wheels."""

    venv: Path
    distro: str
    sourced: bool
    layers: frozenset[str]
    constraints: dict[str, str]
    env: dict[str, str]

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / 'bin' / 'python'

    @property
    def message_packages(self) -> list[Path]:
        """Folders of the message packages that can be built."""
        return sorted(path.parent for path in (ROOT / 'interfaces').glob('*/package.xml'))


def sourced_distro() -> str:
    """Return the ROS 2 distribution that this shell has sourced, or ''."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    # Inside an environment of ours the prefix is that environment, which is no ROS to build on.
    real = [prefix for prefix in prefixes if prefix and not Path(prefix, 'bootstrap.json').exists()]
    return os.environ.get('ROS_DISTRO', '') if real else ''


def child_environment(sourced: bool) -> dict[str, str]:
    """Return the environment variables for the commands of the set-up."""
    dropped = FOREIGN if sourced else FOREIGN + FOREIGN_TO_WHEELS
    return {name: value for name, value in os.environ.items() if name not in dropped}


def importable(python: Path | str, module: str, env: dict[str, str]) -> bool:
    """Return whether an interpreter can import a module."""
    command = [str(python), '-c', f'import {module}']
    return subprocess.run(command, env=env, capture_output=True).returncode == 0


def check_machine(setup: Setup) -> None:
    """Raise Failure unless this machine has what the set-up needs; say what mends it."""
    compiles = True
    if setup.sourced:
        if not importable(sys.executable, 'rclpy', setup.env):
            raise Failure(
                f'ROS 2 {setup.distro} is sourced, but {sys.executable} cannot import rclpy: '
                'name its Python (--python /usr/bin/python3), or use a shell without ROS'
            )
        modules = [f'{package.name}.msg' for package in setup.message_packages]
        compiles = not all(importable(sys.executable, name, setup.env) for name in modules)
    elif (platform.system(), platform.machine()) != ('Linux', 'x86_64'):
        raise Failure(
            f'ROS 2 comes as wheels for x86-64 Linux only: install ROS 2 {setup.distro} with apt, '
            'source it, and run this again'
        )
    elif sys.version_info[:2] > NEWEST_WITH_WHEELS:
        newest = '.'.join(map(str, NEWEST_WITH_WHEELS))
        raise Failure(
            f'ROS 2 {setup.distro} has wheels for Python 3.10 to {newest}, {sys.executable} is '
            f'{sys.version.split()[0]}: name another (PYTHON=python{newest}), or source an '
            'installed ROS 2'
        )
    version = f'python3.{sys.version_info[1]}'
    missing = []
    if not all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')):
        missing.append(f'{version}-venv')
    if compiles:
        missing += [tool for tool in ('cmake', 'g++', 'make') if not shutil.which(tool)]
        if not Path(sysconfig.get_path('include'), 'Python.h').exists():
            missing.append(f'{version}-dev')
    if missing:
        names = ' '.join(missing)
        raise Failure(f'missing {names}; this installs them: sudo apt-get install -y {names}')


def create_venv(setup: Setup, progress: StepRunner) -> None:
    """Make an empty virtual environment."""
    system = ['--system-site-packages'] if setup.sourced else []
    # From inside another environment: its base, which stays when that environment is replaced.
    python = getattr(sys, '_base_executable', sys.executable)
    command = [python, '-m', 'venv', *system, setup.venv]
    progress.run(command, setup.env, f'{python} makes no virtual environment')
