"""A launch file's description: its arguments, then everything that it starts, or nothing at all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from launch.actions import DeclareLaunchArgument, OpaqueFunction, TimerAction
from launch.launch_context import LaunchContext

from launch import Action, LaunchDescription

from ..errors import ConfigError, VprError
from .arguments import Argument

# Arguments of every launch file, which launch itself reads.
_OF_LAUNCH = {
    'launch-prefix',
    'launch-prefix-filter',
    'sigterm_timeout',
    'sigkill_timeout',
    'emulate_tty',
}


@dataclass(frozen=True)
class Given:
    """The values of a launch file's arguments, and the context of the launch."""

    context: LaunchContext
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """Return the value of an argument."""
        return self.values[name]

    def changed(self, **values: object) -> Given:
        """Return a copy with other or more values."""
        return Given(self.context, {**self.values, **values})


def describe(
    file: str, arguments: Mapping[str, Argument], start: Callable[[Given], list[Action]]
) -> LaunchDescription:
    """
    Return the description of a launch file.

    All values are checked, and all actions made, before the first of them is carried out: launch
    leaves behind what it has started when a later action cannot be carried out.

    :param file: path of the launch file.
    :param start: returns the actions for the given values; raises VprError for what cannot start.
    """

    def begin(context: LaunchContext) -> list[Action]:
        try:
            _check_names(Path(file).name, context, arguments)
            values = {
                name: _value(name, argument, context.launch_configurations[name])
                for name, argument in arguments.items()
            }
            return start(Given(context, values))
        except VprError as error:
            return failure(str(error))

    return LaunchDescription(
        [
            *(_declared(name, argument) for name, argument in arguments.items()),
            OpaqueFunction(function=begin),
        ]
    )


def failure(reason: str) -> list[Action]:
    """
    Return actions that end the whole launch, with this reason and exit status 1.

    An exception while a description is visited would leave behind what was started before it, by
    another launch file that includes this one too; one that a timer raises ends all in order.
    """
    return [TimerAction(period=0.0, actions=[OpaqueFunction(function=_fail, args=[reason])])]


def _fail(context: LaunchContext, reason: str) -> None:
    raise RuntimeError(reason)


def _declared(name: str, argument: Argument) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(
        name,
        description=argument.description,
        default_value=argument.default,
        choices=list(argument.choices) or None,
    )


def _value(name: str, argument: Argument, text: str) -> object:
    try:
        return argument.kind(text)
    except ValueError as error:
        raise ConfigError(f'{name}:={text}: {error}') from None


def _check_names(file: str, context: LaunchContext, arguments: Mapping[str, Argument]) -> None:
    """
    Refuse arguments of the command line that this file does not have; launch ignores them.

    Only if the file itself was started, not one that includes it and has arguments of its own.
    """
    if file not in (Path(word).name for word in sys.argv):
        return
    given = [word.partition(':=')[0] for word in context.argv]
    unknown = [name for name in given if name not in {*arguments, *_OF_LAUNCH}]
    if unknown:
        raise ConfigError(
            f'{unknown[0]}:=: {file} has no such argument; it has {", ".join(arguments)}'
        )
