"""
Options: the leaves of configuration classes, with defaults, descriptions and checks.

What options there are stands in `config.py`; here is what all of them have in common, and how a
configuration is made from names and values.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, field, fields, is_dataclass
from typing import Any, Iterator, NamedTuple, TypeVar, get_type_hints

from .errors import ConfigError

T = TypeVar('T')


def option(
    default: Any,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    odd: bool = False,
    dynamic: bool = False,
) -> Any:
    """Make a field with its default, description, allowed values, and if it may change live."""
    metadata = {
        'doc': doc, 'low': low, 'high': high, 'choices': choices, 'odd': odd, 'dynamic': dynamic,
    }
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


class Option(NamedTuple):
    """A leaf of a configuration tree: dotted name, type, default and the field's metadata."""

    name: str
    type: type
    default: Any
    metadata: dict[str, Any]


def options(cls: type, prefix: str = '') -> Iterator[Option]:
    """Walk the leaves of a configuration class in order."""
    hints = get_type_hints(cls)
    for item in fields(cls):
        hint = hints[item.name]
        if is_dataclass(hint):
            assert isinstance(hint, type)
            yield from options(hint, f'{prefix}{item.name}.')
            continue
        default = item.default
        if default is MISSING:
            assert item.default_factory is not MISSING
            default = item.default_factory()
        kind = list if isinstance(default, list) else hint
        yield Option(prefix + item.name, kind, default, dict(item.metadata))


def check_value(item: Option, value: Any) -> Any:
    """
    Return `value` in the option's type.

    :raises ConfigError: if the type is another or the value is not allowed.
    """
    found = type(value)
    if item.type is float and found is int:
        value, found = float(value), float
    if found is not item.type:
        raise ConfigError(f'{item.name}: expected {item.type.__name__}, '
                          f'found {value!r} ({found.__name__})')
    if item.type is list and not all(isinstance(entry, str) for entry in value):
        raise ConfigError(f'{item.name}: expected a list of strings, found {value!r}')
    low, high, choices = (item.metadata[key] for key in ('low', 'high', 'choices'))
    if item.type in (int, float):
        # Written so that NaN fails too.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            raise ConfigError(f'{item.name}: expected a value {_interval(low, high)}, '
                              f'found {value}')
        if item.metadata['odd'] and value % 2 == 0:
            raise ConfigError(f'{item.name}: expected an odd number, found {value}')
    if choices and value not in choices:
        raise ConfigError(f'{item.name}: expected one of {", ".join(choices)}, found {value!r}')
    return value


def from_flat(cls: type[T], values: dict[str, Any]) -> T:
    """
    Make a configuration from dotted names to values; what is not named keeps its default.

    :raises ConfigError: for an unknown name or a value that is not allowed.
    """
    known = {item.name: item for item in options(cls)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f'{unknown[0]}: no such setting; known are {", ".join(known)}')
    config = cls()
    for name, value in values.items():
        *path, leaf = name.split('.')
        section: Any = config
        for part in path:
            section = getattr(section, part)
        setattr(section, leaf, check_value(known[name], value))
    return config


def from_tree(cls: type[T], tree: Any) -> T:
    """
    Make a configuration from nested dictionaries, as `to_tree` gives them.

    :raises ConfigError: for an unknown name or a value that is not allowed.
    """
    return from_flat(cls, dict(_flatten(tree)))


def to_tree(config: Any) -> dict[str, Any]:
    """Return the configuration as nested dictionaries of plain values."""
    return asdict(config)


def _flatten(tree: Any, prefix: str = '') -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, dict):
        raise ConfigError(f'{prefix.rstrip(".") or "configuration"}: expected settings by name, '
                          f'found {tree!r}')
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f'{prefix}{name}.')
        else:
            yield f'{prefix}{name}', value


def _interval(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f'from {low} to {high}'
    return f'of at least {low}' if low is not None else f'of at most {high}'
