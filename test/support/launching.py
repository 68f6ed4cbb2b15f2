"""
Launch files where the packages launch and launch_ros are not to be had, as outside apt.

Stand-ins for the few classes that the launch files use are put in the place of those packages
while a file is read; `described` returns what `ros2 launch` would start with the given arguments,
and `running` starts that for real.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from support import ROOT
from vprtempo_ros.demo.processes import ros_environment
from vprtempo_ros.demo.processes import running as running_process


@dataclass
class Started:
    """A process that a launch file starts; a node of a package, or any command (no package)."""

    package: str
    executable: str
    arguments: list[str]
    name: str = ''
    namespace: str = ''
    files: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    remappings: dict[str, str] = field(default_factory=dict)
    ends_all: bool = False


@dataclass
class Context:
    """What holds while a launch file is carried out."""

    configurations: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    declared: dict[str, Any] = field(default_factory=dict)


class LaunchConfiguration:
    """An argument's value."""

    def __init__(self, name: str) -> None:
        self.name = name

    def perform(self, context: Context) -> str:
        """Return the text."""
        return context.configurations[self.name]


class EnvironmentVariable:
    """A variable of the environment, or a default."""

    def __init__(self, name: str, *, default_value: Any) -> None:
        self.name, self.default = name, default_value

    def perform(self, context: Context) -> str:
        """Return the text."""
        return context.environment.get(self.name) or text(self.default, context)


class PathJoinSubstitution:
    """A path of several parts."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts

    def perform(self, context: Context) -> str:
        """Return the text."""
        return str(Path(*(text(part, context) for part in self.parts)))


class FindPackageShare:
    """The folder of this package's shared files: the checkout."""

    def __init__(self, package: str) -> None:
        assert package == 'vprtempo_ros'

    def perform(self, context: Context) -> str:
        """Return the text."""
        return str(ROOT)


class ParameterValue:
    """A parameter of a known type."""

    def __init__(self, value: Any, *, value_type: type) -> None:
        self.value, self.kind = value, value_type

    def typed(self, context: Context) -> Any:
        """Return the value as launch_ros converts it."""
        value = text(self.value, context)
        if self.kind is bool:
            return {'true': True, 'false': False}[value.lower()]
        return self.kind(value)


def text(value: Any, context: Context) -> str:
    """Return a substitution's text, of several those of all together."""
    if isinstance(value, (list, tuple)):
        return ''.join(text(part, context) for part in value)
    return value.perform(context) if hasattr(value, 'perform') else str(value)


class Action:
    """Keeps what it was made with; `carry_out` returns the processes it starts."""

    def __init__(self, *given: Any, condition: Any = None, **named: Any) -> None:
        self.given, self.named, self.condition = given, named, condition

    def visit(self, context: Context) -> list[Started]:
        """Carry out, where the condition holds."""
        if self.condition is not None and not self.condition.holds(context):
            return []
        return self.carry_out(context)

    def carry_out(self, context: Context) -> list[Started]:
        """Do what the action is for."""
        return []


class IfCondition:
    """Holds where a text is true."""

    wanted = True

    def __init__(self, value: Any) -> None:
        self.value = value

    def holds(self, context: Context) -> bool:
        """Return whether it holds."""
        return {'true': True, 'false': False}[text(self.value, context).lower()] is self.wanted


class UnlessCondition(IfCondition):
    """Holds where a text is false."""

    wanted = False


class DeclareLaunchArgument(Action):
    """An argument with its default, choices and description."""

    def carry_out(self, context: Context) -> list[Started]:
        """Give the argument its value, and check it."""
        name = self.given[0]
        context.declared[name] = self.named
        if name not in context.configurations:
            if 'default_value' not in self.named:
                raise ValueError(f'Required launch argument {name} was not provided')
            context.configurations[name] = text(self.named['default_value'], context)
        value, choices = context.configurations[name], self.named.get('choices')
        if choices and value not in choices:
            raise ValueError(f'Argument {name} provided value {value} is not valid: {choices}')
        return []


class SetEnvironmentVariable(Action):
    """A variable for all processes that follow."""

    def carry_out(self, context: Context) -> list[Started]:
        """Set it."""
        context.environment[self.given[0]] = text(self.given[1], context)
        return []


class Shutdown(Action):
    """The end of everything."""


class LaunchDescription:
    """What a launch file describes."""

    def __init__(self, actions: list[Action]) -> None:
        self.actions = actions

    def visit(self, context: Context) -> list[Started]:
        """Carry out everything in order."""
        return [process for action in self.actions for process in action.visit(context)]


class GroupAction(Action):
    """Actions whose arguments are their own."""

    def carry_out(self, context: Context) -> list[Started]:
        """Carry them out with a copy of the arguments."""
        inner = Context(dict(context.configurations), dict(context.environment), context.declared)
        return LaunchDescription(list(self.given[0])).visit(inner)


class TimerAction(Action):
    """Actions that come later."""

    def carry_out(self, context: Context) -> list[Started]:
        """Carry them out."""
        assert float(text(self.named['period'], context)) >= 0
        return LaunchDescription(self.named['actions']).visit(context)


class OpaqueFunction(Action):
    """Actions that a function returns."""

    def carry_out(self, context: Context) -> list[Started]:
        """Carry them out."""
        return LaunchDescription(self.named['function'](context)).visit(context)


class IncludeLaunchDescription(Action):
    """Another launch file, whose arguments stay set, as with the real one."""

    def carry_out(self, context: Context) -> list[Started]:
        """Carry it out, with no argument that it does not declare."""
        given = {
            name: text(value, context) for name, value in self.named.get('launch_arguments', ())
        }
        context.configurations.update(given)
        inner = Context(context.configurations, context.environment)
        started = read(Path(text(self.given[0], context))).visit(inner)
        assert set(given) <= set(inner.declared), set(given) - set(inner.declared)
        return started


class ExecuteProcess(Action):
    """Any command."""

    def carry_out(self, context: Context) -> list[Started]:
        """Return it."""
        words = [text(word, context) for word in self.named['cmd']]
        return [
            Started(
                '', words[0], words[1:], ends_all=isinstance(self.named.get('on_exit'), Shutdown)
            )
        ]


class Node(Action):
    """A node of a package."""

    def carry_out(self, context: Context) -> list[Started]:
        """Return it with its parameters as launch_ros gives them."""
        node = Started(
            self.named['package'],
            self.named['executable'],
            [text(word, context) for word in self.named.get('arguments', ())],
            self.named['name'],
            text(self.named.get('namespace', ''), context),
            ends_all=isinstance(self.named.get('on_exit'), Shutdown),
        )
        for given in self.named.get('parameters', ()):
            if not isinstance(given, dict):
                node.files.append(text(given, context))
                continue
            for name, value in given.items():
                node.parameters[name] = (
                    value.typed(context)
                    if isinstance(value, ParameterValue)
                    else yaml.safe_load(text(value, context))
                )
        node.remappings = {
            text(old, context): text(new, context) for old, new in self.named.get('remappings', ())
        }
        return [node]


_MODULES: dict[str, tuple[Any, ...]] = {
    'launch': (LaunchDescription,),
    'launch.actions': (
        DeclareLaunchArgument,
        ExecuteProcess,
        GroupAction,
        IncludeLaunchDescription,
        OpaqueFunction,
        SetEnvironmentVariable,
        Shutdown,
        TimerAction,
    ),
    'launch.conditions': (IfCondition, UnlessCondition),
    'launch.launch_context': (),
    'launch.launch_description_sources': (),
    'launch.substitutions': (EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution),
    'launch_ros': (),
    'launch_ros.actions': (Node,),
    'launch_ros.parameter_descriptions': (ParameterValue,),
    'launch_ros.substitutions': (FindPackageShare,),
}


def read(file: Path) -> LaunchDescription:
    """Return what a launch file describes, in terms of the stand-ins."""
    kept = {name: sys.modules.get(name) for name in _MODULES}
    for name, contents in _MODULES.items():
        module: Any = ModuleType(name)
        for cls in contents:
            setattr(module, cls.__name__, cls)
        sys.modules[name] = module
    sys.modules['launch.launch_context'].LaunchContext = Context  # type: ignore[attr-defined]
    sources: Any = sys.modules['launch.launch_description_sources']
    sources.PythonLaunchDescriptionSource = lambda path: path
    try:
        description: LaunchDescription = runpy.run_path(str(file))['generate_launch_description']()
        return description
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def described(name: str, **arguments: str) -> tuple[list[Started], Context]:
    """
    Return what `ros2 launch vprtempo_ros <name>` starts with these arguments.

    :raises ValueError: as launch, for an argument that is missing or not one of the choices.
    """
    context = Context(dict(arguments), dict(os.environ))
    started = read(ROOT / 'launch' / name).visit(context)
    unknown = set(arguments) - set(context.declared)
    if unknown:
        raise ValueError(f'{name} has no argument {", ".join(sorted(unknown))}')
    return started, context


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
    lines = [line.strip(" ',") for line in (ROOT / 'setup.py').read_text().splitlines()]
    targets = dict(line.split(' = ') for line in lines if ' = vprtempo_ros.' in line)
    module, _, function = targets[name].partition(':')
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
            pairs.append(
                (
                    stack.enter_context(
                        running_process(
                            words,
                            {**ros_environment(), 'PYTHONUNBUFFERED': '1'},
                            stream,
                            errors=subprocess.STDOUT,
                        )
                    ),
                    log,
                )
            )
        yield pairs
