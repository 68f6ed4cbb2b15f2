"""
Launch files where the packages launch and launch_ros are not to be had, as outside apt.

`described` returns what `ros2 launch` would start with the given arguments, by stand-ins for the
few classes that the launch files use, and `running` starts that for real. With the real packages
test_real_launch.py starts everything with `ros2 launch` itself.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from support import ROOT, forking
from support.launch_stand_ins import Context, Started, carried_out, own_targets, stand_ins
from vprtempo_ros.demo.processes import ros_environment

__all__ = ['Context', 'Started', 'described', 'own_executable', 'running', 'words_of']


class LaunchError(Exception):
    """What ends the whole launch with exit status 1; `started` is what was started before."""

    def __init__(self, reason: str, started: list[Started]) -> None:
        super().__init__(reason)
        self.started = started


def described(
    name: str, *, installed: tuple[str, ...] = Context({}).installed, **arguments: str
) -> tuple[list[Started], Context]:
    """
    Return what `ros2 launch vprtempo_ros <name>` starts with these arguments.

    :param installed: packages other than this one that are there.
    :raises LaunchError: if launch ends because of an error.
    """
    given = [f'{key}:={value}' for key, value in arguments.items()]
    context = Context(dict(arguments), dict(os.environ), given, installed=installed)
    before, sys.argv = sys.argv, ['ros2', 'launch', 'vprtempo_ros', name, *given]
    try:
        with stand_ins():
            file = runpy.run_path(str(ROOT / 'launch' / name))
            outcome = carried_out(file['generate_launch_description']().entities, context)
    finally:
        sys.argv = before
    if outcome.problem:
        raise LaunchError(outcome.problem, outcome.started)
    return outcome.started, context


def words_of(process: Started, folder: Path) -> list[str]:
    """Return the command of a process; a node's parameters are in a file, as with launch_ros."""
    if [process.executable, *process.arguments[:2]] == ['ros2', 'bag', 'play']:
        # Not to be had either; our replay takes the same options.
        return [*own_executable('replay'), *process.arguments[2:]]
    assert process.package == 'vprtempo_ros', process
    words = [*own_executable(process.executable), *process.arguments, '--ros-args']
    if process.name:
        words += ['-r', f'__node:={process.name}']
    if process.namespace:
        words += ['-r', f'__ns:=/{process.namespace}']
    files = list(process.files)
    if process.parameters:
        file = folder / f'{process.name}-{time.monotonic_ns()}.yaml'
        file.write_text(yaml.safe_dump({'/**': {'ros__parameters': process.parameters}}))
        files.append(str(file))
    for given in files:
        words += ['--params-file', given]
    for old, new in process.remappings.items():
        words += ['-r', f'{old}:={new}']
    return words


def own_executable(name: str) -> list[str]:
    """Return the command that runs an executable of this package, as setup.py declares it."""
    module, _, function = own_targets()[name].partition(':')
    return [
        sys.executable,
        '-c',
        f'import sys; sys.argv[0] = {name!r}; '
        f'from {module} import {function}; sys.exit({function}())',
    ]


@contextmanager
def running(processes: list[Started], folder: Path) -> Iterator[list[Any]]:
    """Run what a launch file starts; yields a (process, log file) for each."""
    with ExitStack() as stack:
        pairs = []
        for number, process in enumerate(processes):
            log = folder / f'{process.executable}-{number}-{time.monotonic_ns()}.log'
            stream = stack.enter_context(log.open('w'))
            words = words_of(process, folder)
            environment = {**ros_environment(), 'PYTHONUNBUFFERED': '1'}
            pairs.append((stack.enter_context(forking.running(words, environment, stream)), log))
        yield pairs
