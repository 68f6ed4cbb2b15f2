"""Nodes and other processes of a launch, and what follows when one of them ends."""

from __future__ import annotations

import os
from typing import Callable, Mapping, Sequence

from launch.actions import ExecuteProcess, Shutdown
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.substitutions import SubstitutionFailure
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare

from launch import Action

from ..errors import ConfigError
from .describing import Given, failure

PACKAGE = 'vprtempo_ros'

Ended = Callable[[ProcessExited, LaunchContext], 'list[Action] | None']


def node(
    given: Given,
    executable: str,
    *,
    package: str = PACKAGE,
    option: str = '',
    output: str = 'screen',
    files: Sequence[str] = (),
    parameters: Mapping[str, object] | None = None,
    remappings: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    ended: Ended | None = None,
) -> Node:
    """
    Return a node of the given namespace, named like its executable; if it fails, all end.

    :param option: the argument that asks for it, for the error.
    :param parameters: values as they are: text stays text, also if YAML reads it as a number.
    :param ended: what follows when it ends; the default is nothing, unless it fails.
    :raises ConfigError: if the executable is not installed.
    """
    try:
        ExecutableInPackage(executable=executable, package=package).perform(given.context)
    except (LookupError, SubstitutionFailure):
        raise not_installed(package, option) from None
    typed = {name: _typed(value) for name, value in (parameters or {}).items()}
    return Node(
        package=package,
        executable=executable,
        name=executable,
        namespace=given['namespace'],
        output=output,
        parameters=[*files, *([typed] if typed else [])],
        remappings=list((remappings or {}).items()),
        arguments=list(arguments),
        on_exit=ended or when_ended(executable),
    )


def command(words: Sequence[str], ended: Ended) -> ExecuteProcess:
    """Return a process that runs a command."""
    return ExecuteProcess(cmd=list(words), output='screen', on_exit=ended)


def when_ended(
    name: str, then: Callable[[], list[Action]] | None = None, *, last: bool = False
) -> Ended:
    """
    Return what follows when a process ends: all end if it failed, launch with exit status 1.

    :param then: returns the actions that follow if it did not fail.
    :param last: whether all end with it also if it did not fail.
    """

    def ended(event: ProcessExited, context: LaunchContext) -> list[Action] | None:
        if context.is_shutdown:
            return None
        if event.returncode != 0:
            return failure(
                f'{name} failed (exit status {event.returncode}), so all nodes end; its last line '
                'above says why'
            )
        if then is not None:
            return then()
        return [Shutdown(reason=f'{name} is done')] if last else None

    return ended


def check_installed(given: Given, package: str, option: str) -> None:
    """
    Check that a package is there.

    :raises ConfigError: if it is not.
    """
    try:
        FindPackageShare(package).perform(given.context)
    except (LookupError, SubstitutionFailure):
        raise not_installed(package, option) from None


def not_installed(package: str, option: str) -> ConfigError:
    """Return the error for a package that is not there."""
    distro = os.environ.get('ROS_DISTRO', '$ROS_DISTRO')
    return ConfigError(
        f'{option or package}: expected the package {package}, which is not installed: '
        f'sudo apt install ros-{distro}-{package.replace("_", "-")}'
    )


def _typed(value: object) -> object:
    if isinstance(value, str):
        return ParameterValue(value, value_type=str)
    if isinstance(value, list):
        return ParameterValue(value, value_type=list[str])
    return value
