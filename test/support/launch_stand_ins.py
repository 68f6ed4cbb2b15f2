"""
Stand-ins for the classes of launch and launch_ros that the launch files use.

They refuse what the real ones refuse (launch 3.4, launch_ros 0.26): an action carried out twice,
unknown keywords, values of other types, choices, executables and packages that there are not,
names and namespaces that ROS does not allow; and a parameter file that is missing, which the real
one leaves out with a warning.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from support import ROOT

_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')


class SubstitutionFailure(Exception):
    """Raised where a substitution has no value."""


class PackageNotFoundError(KeyError):
    """Raised for a package that is not installed."""


@dataclass
class Context:
    """What holds while a launch file is carried out."""

    launch_configurations: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    argv: list[str] = field(default_factory=list)
    is_shutdown: bool = False
    # For the tests: declared arguments, and packages other than this one that are installed.
    declared: dict[str, DeclareLaunchArgument] = field(default_factory=dict)
    installed: tuple[str, ...] = ('rviz2', 'ros2bag')
    started: list[Started] = field(default_factory=list)
    later: list[Action] = field(default_factory=list)


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
    on_exit: Callable[[ProcessExited, Context], Any] | None = None
    context: Context | None = None

    def ended(self, status: int) -> Outcome:
        """Return what follows when it ends with this status."""
        assert self.context is not None
        context = Context({}, dict(self.context.environment), installed=self.context.installed)
        actions = self.on_exit(ProcessExited(status), context) if self.on_exit else None
        return carried_out(actions or [], context)

    @property
    def ends_all(self) -> bool:
        """Whether all end when it ends without an error."""
        return self.on_exit is not None and self.ended(0).shutdown


@dataclass(frozen=True)
class Outcome:
    """What actions have led to: processes, the end of everything, an error."""

    started: list[Started]
    shutdown: bool
    problem: str


@dataclass
class ProcessExited:
    """The end of a process."""

    returncode: int


class Action:
    """An action; `visit` carries it out once."""

    _visited = False

    def visit(self, context: Context) -> None:
        """Carry it out."""
        if self._visited and isinstance(self, (Node, ExecuteProcess)):
            raise RuntimeError(f'ExecuteLocal action {self}: executed more than once')
        self._visited = True
        self.execute(context)

    def execute(self, context: Context) -> None:
        """Do what the action is for."""


def checked(value: Any, kind: type | tuple[type, ...]) -> Any:
    """Return a value of the right type."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f'expected {kind}, found {value!r}')
    return value


class LaunchDescription:
    """What a launch file describes."""

    def __init__(self, initial_entities: list[Action] | None = None) -> None:
        self.entities = [checked(action, Action) for action in initial_entities or []]


class DeclareLaunchArgument(Action):
    """An argument with its default, choices and description."""

    def __init__(
        self,
        name: str,
        *,
        default_value: str | None = None,
        description: str | None = None,
        choices: list[str] | None = None,
    ) -> None:
        self.name, self.description = checked(name, str), description
        self.default_value, self.choices = default_value, choices
        if choices is not None and not choices:
            raise RuntimeError('Provided choices arg is empty.')
        if default_value is not None:
            checked(default_value, str)
            if choices is not None and default_value not in choices:
                raise RuntimeError(f'Provided default_value {default_value} is not in {choices}.')

    def execute(self, context: Context) -> None:
        """Give the argument its value, and check it."""
        context.declared[self.name] = self
        given = context.launch_configurations
        if self.name not in given:
            if self.default_value is None:
                raise RuntimeError(f'Required launch argument {self.name} was not provided')
            given[self.name] = self.default_value
        if self.choices and given[self.name] not in self.choices:
            raise RuntimeError(
                f'Argument {self.name} provided value {given[self.name]} is not valid'
            )


class SetEnvironmentVariable(Action):
    """A variable for all processes that follow."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = checked(name, str), checked(value, str)

    def execute(self, context: Context) -> None:
        """Set it."""
        context.environment[self.name] = self.value


class Shutdown(Action):
    """The end of everything."""

    def __init__(self, *, reason: str = '') -> None:
        checked(reason, str)

    def execute(self, context: Context) -> None:
        """End it."""
        context.is_shutdown = True


class TimerAction(Action):
    """Actions that come later."""

    def __init__(self, *, period: float, actions: list[Action]) -> None:
        checked(period, float)
        self.actions = [checked(action, Action) for action in actions]

    def execute(self, context: Context) -> None:
        """Put them after those that come now."""
        context.later += self.actions


class OpaqueFunction(Action):
    """Actions that a function returns."""

    def __init__(
        self,
        *,
        function: Callable[..., Any],
        args: list[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f'expected a callable, found {function!r}')
        self.function, self.args, self.kwargs = function, args or [], kwargs or {}

    def execute(self, context: Context) -> None:
        """Carry them out."""
        for action in self.function(context, *self.args, **self.kwargs) or []:
            checked(action, Action).visit(context)


class ExecuteProcess(Action):
    """Any command."""

    def __init__(self, *, cmd: list[str], output: str = 'log', on_exit: Any = None) -> None:
        self.cmd = [checked(word, str) for word in cmd]
        if output not in ('screen', 'log', 'both', 'own_log', 'full'):
            raise ValueError(f'{output} is not a valid standard output configuration')
        self.on_exit = on_exit

    def execute(self, context: Context) -> None:
        """Start it."""
        words = self.cmd
        context.started.append(
            Started('', words[0], words[1:], on_exit=self.on_exit, context=context)
        )


class ParameterValue:
    """A parameter of a known type."""

    def __init__(self, value: Any, *, value_type: Any = None) -> None:
        if value_type == list[str]:
            for item in checked(value, list):
                checked(item, str)
        elif value_type is not None:
            checked(value, value_type)
        self.value = value


class Node(Action):
    """A node of a package."""

    def __init__(
        self,
        *,
        executable: str,
        package: str,
        name: str,
        namespace: str = '',
        output: str = 'log',
        parameters: list[Any] | None = None,
        remappings: list[tuple[str, str]] | None = None,
        arguments: list[str] | None = None,
        on_exit: Any = None,
    ) -> None:
        if on_exit is not None and not callable(on_exit):
            raise TypeError(f'expected a callable, found {on_exit!r}')
        self.process = Started(
            checked(package, str),
            checked(executable, str),
            [checked(word, str) for word in arguments or []],
            checked(name, str),
            checked(namespace, str),
            remappings={checked(old, str): checked(new, str) for old, new in remappings or []},
            on_exit=on_exit,
        )
        ExecuteProcess(cmd=[executable], output=output)
        for given in checked(parameters or [], list):
            if isinstance(given, dict):
                self.process.parameters.update(
                    {checked(key, str): parameter(value) for key, value in given.items()}
                )
            else:
                self.process.files.append(checked(given, str))

    def execute(self, context: Context) -> None:
        """Start it, if there are such an executable, such files and such names."""
        process = self.process
        ExecutableInPackage(executable=process.executable, package=process.package).perform(context)
        for file in process.files:
            if not Path(file).is_file():
                raise FileNotFoundError(f'launch_ros leaves this file out with a warning: {file}')
        for token in (process.name, *filter(None, process.namespace.split('/'))):
            if not _NAME.fullmatch(token):
                raise ValueError(f'invalid name or namespace: {token}')
        process.context = context
        context.started.append(process)


def parameter(value: Any) -> Any:
    """Return the value of a parameter as launch_ros gives it to the node."""
    if isinstance(value, ParameterValue):
        return value.value
    if isinstance(value, str):
        raise TypeError(f'{value}: read as YAML by older launch_ros; give it as ParameterValue')
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f'Unexpected type for parameter value {value!r}')
    return value


class FindPackageShare:
    """The folder of a package's shared files; of this package, the checkout."""

    def __init__(self, package: str) -> None:
        self.package = checked(package, str)

    def perform(self, context: Context) -> str:
        """Return it."""
        if self.package != 'vprtempo_ros' and self.package not in context.installed:
            raise PackageNotFoundError(self.package)
        return str(ROOT)


class ExecutableInPackage:
    """The path of an executable."""

    def __init__(self, executable: str, package: str) -> None:
        self.executable, self.package = checked(executable, str), package

    def perform(self, context: Context) -> str:
        """Return it."""
        FindPackageShare(self.package).perform(context)
        if self.package == 'vprtempo_ros' and self.executable not in own_targets():
            raise SubstitutionFailure(f"executable '{self.executable}' not found")
        return self.executable


def own_targets() -> dict[str, str]:
    """Return the executables of this package, and the functions that they run."""
    lines = [line.strip(" ',") for line in (ROOT / 'setup.py').read_text().splitlines()]
    return dict(line.split(' = ') for line in lines if ' = vprtempo_ros.' in line)


def carried_out(actions: list[Action], context: Context) -> Outcome:
    """Carry out actions, then those that they put off; an error is that of the whole launch."""
    problem = ''
    try:
        for action in actions:
            action.visit(context)
        while context.later:
            context.later.pop(0).visit(context)
    except RuntimeError as error:
        problem = str(error)
    return Outcome(context.started, context.is_shutdown, problem)


_MODULES: dict[str, tuple[Any, ...]] = {
    'launch': (Action, LaunchDescription),
    'launch.actions': (
        DeclareLaunchArgument,
        ExecuteProcess,
        OpaqueFunction,
        SetEnvironmentVariable,
        Shutdown,
        TimerAction,
    ),
    'launch.events': (),
    'launch.events.process': (ProcessExited,),
    'launch.launch_context': (),
    'launch.substitutions': (SubstitutionFailure,),
    'launch_ros': (),
    'launch_ros.actions': (Node,),
    'launch_ros.parameter_descriptions': (ParameterValue,),
    'launch_ros.substitutions': (ExecutableInPackage, FindPackageShare),
}


@contextmanager
def stand_ins() -> Iterator[None]:
    """Put the stand-ins in the place of the packages, also for modules that import them."""
    ours = [name for name in sys.modules if name.startswith('vprtempo_ros.launching')]
    kept = {name: sys.modules.pop(name, None) for name in (*_MODULES, *ours)}
    for name, contents in _MODULES.items():
        module: Any = ModuleType(name)
        for cls in contents:
            setattr(module, cls.__name__, cls)
        sys.modules[name] = module
    sys.modules['launch.launch_context'].LaunchContext = Context  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith('vprtempo_ros.launching')]:
            del sys.modules[name]
        for name, found in kept.items():
            sys.modules.pop(name, None)
            if found is not None:
                sys.modules[name] = found
