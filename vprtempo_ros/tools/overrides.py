"""Parameters on the command line: --set match.sequence.filter=bayes."""

from __future__ import annotations

import argparse

import yaml

from ..config import NodeConfig
from ..errors import ConfigError
from ..options import from_flat, options

# The options of the node that commands without a node use.
_PARTS = ('match.', 'backend.', 'input.any_size')


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        '--set',
        action='append',
        default=[],
        metavar='NAME=VALUE',
        dest='settings',
        help='a parameter of vpr_node, as in docs/parameters.md (match.*, '
        'backend.*, input.any_size); may be repeated',
    )


def node_config(settings: list[str]) -> NodeConfig:
    """
    Return the node's configuration with these settings.

    :raises ConfigError: for a setting that is unknown, not allowed or not written as NAME=VALUE.
    """
    kinds = {item.name: item.type for item in options(NodeConfig) if item.name.startswith(_PARTS)}
    values: dict[str, object] = {}
    for setting in settings:
        name, equal, text = setting.partition('=')
        if not equal:
            raise ConfigError(f'--set: expected NAME=VALUE, found {setting!r}')
        if name not in kinds:
            raise ConfigError(
                f'--set: {name!r} is not a parameter of matching or backend; known are '
                f'{", ".join(kinds)}'
            )
        values[name] = text if kinds[name] is str else _value(name, text)
    return from_flat(NodeConfig, values)


def _value(name: str, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f'--set: {name}: expected a value, found {text!r}') from None
