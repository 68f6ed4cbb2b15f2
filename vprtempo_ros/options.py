"""
Options: the leaves of configuration classes, with defaults, descriptions and checks.

The options themselves are in `config.py`; this is what they have in common, and how a
configuration is made from names and values.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, field, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Iterator, Mapping, NamedTuple, TypeVar, Union, get_type_hints

from .errors import ConfigError
from .renamed import RENAMED, explain

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar('T')
C = TypeVar('C', bound='DataclassInstance')

Value = bool | int | float | str | list[str]
"""What an option can be."""

Tree = dict[str, Union[Value, 'Tree']]  # noqa: UP007 - it names itself
"""A configuration as nested dictionaries of plain values."""

# Levels of nesting that no configuration exceeds.
_LEVELS = 9


class Rule(NamedTuple):
    """Description and allowed values of an option; dynamic: may change while a node runs."""

    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    odd: bool = False
    dynamic: bool = False


class Option(NamedTuple):
    """A leaf of a configuration tree: dotted name, type, default and what is allowed."""

    name: str
    type: type
    default: Value
    rule: Rule


def option(
    default: T,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    odd: bool = False,
    dynamic: bool = False,
) -> T:
    """Make a dataclass field with its default, description and allowed values."""
    metadata = {'rule': Rule(doc, low, high, choices, odd, dynamic)}
    if isinstance(default, list):
        # What dataclasses call a field stands for its default until the class is made.
        return field(default_factory=default.copy, metadata=metadata)  # type: ignore[return-value]
    return field(default=default, metadata=metadata)


# Each time takes as long as reading a map.
_hints = cache(get_type_hints)


def options(cls: type, prefix: str = '') -> Iterator[Option]:
    """Yield the leaves of a configuration class in order."""
    hints = _hints(cls)
    assert is_dataclass(cls)
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
        yield Option(prefix + item.name, kind, default, item.metadata['rule'])


def check_value(item: Option, value: object) -> Value:
    """
    Return `value` in the option's type.

    :raises ConfigError: if the type is different or the value is not allowed.
    """
    if item.type is float and type(value) is int:
        value = float(value)
    if type(value) is not item.type or not isinstance(value, (bool, int, float, str, list)):
        raise ConfigError(
            f'{item.name}: expected {item.type.__name__}, found {value!r} ({type(value).__name__})'
        )
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise ConfigError(f'{item.name}: expected a list of strings, found {value!r}')
    rule = item.rule
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = rule.low, rule.high
        # Written so that NaN fails too.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            raise ConfigError(
                f'{item.name}: expected a value {_interval(low, high)}, found {value}'
            )
        if rule.odd and value % 2 == 0:
            raise ConfigError(f'{item.name}: expected an odd number, found {value}')
    if rule.choices and value not in rule.choices:
        renamed = explain(item.name, value)
        raise ConfigError(
            f'{item.name}: expected one of {", ".join(rule.choices)}, found {value!r}'
            + (f': {renamed}' if renamed else '')
        )
    return value


def from_flat(cls: type[C], values: Mapping[str, object]) -> C:
    """
    Return a configuration from dotted names and values; everything else keeps its default.

    :raises ConfigError: for an unknown name or a value that is not allowed.
    """
    known = {item.name: item for item in options(cls)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        renamed = explain(unknown[0])
        raise ConfigError(renamed or f'{unknown[0]}: no such setting; known are {", ".join(known)}')
    config = cls()
    for name, value in values.items():
        section, _, leaf = name.rpartition('.')
        owner = attrgetter(section)(config) if section else config
        setattr(owner, leaf, check_value(known[name], value))
    return config


def from_tree(cls: type[C], tree: object) -> C:
    """
    Return a configuration from nested dictionaries, as `to_tree` makes them.

    Names and values of earlier versions are converted, since maps keep their configuration.

    :raises ConfigError: for an unknown name or a value that is not allowed.
    """
    values: dict[str, object] = {}
    for name, value in _flatten(tree):
        entry = RENAMED.get(name)
        if entry is not None:
            name = entry.new
            value = entry.values.get(value, value) if isinstance(value, str) else value
        values[name] = value
    return from_flat(cls, values)


def to_tree(config: DataclassInstance) -> Tree:
    """Return the configuration as nested dictionaries of plain values."""
    return asdict(config)


def to_flat(config: DataclassInstance) -> dict[str, Value]:
    """Return the configuration as dotted names and values, in order."""
    return {item.name: attrgetter(item.name)(config) for item in options(type(config))}


def _flatten(tree: object, prefix: str = '') -> Iterator[tuple[str, object]]:
    if not isinstance(tree, dict):
        raise ConfigError(
            f'{prefix.rstrip(".") or "configuration"}: expected settings by name, found {tree!r}'
        )
    # A map can claim anything, also that its configuration contains itself.
    if prefix.count('.') > _LEVELS:
        raise ConfigError(f'{prefix[:80]}: expected settings by name, found too many levels')
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f'{prefix}{name}.')
        else:
            yield f'{prefix}{name}', value


def _interval(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f'from {low} to {high}'
    return f'of at least {low}' if low is not None else f'of at most {high}'
