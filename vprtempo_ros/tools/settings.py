"""
settings: write what the code says where people read it.

That is config.py to config/*.yaml and docs/parameters.md, and interface.py to the README.

Run by `make docs`; a test holds the files against it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Sequence

import yaml

from ..config import NodeConfig, TrainerConfig
from ..interface import NODES, Entry
from ..options import Option, options

_ROOT = Path(__file__).resolve().parent.parent.parent
_NODES = {'vpr_node': (NodeConfig, 'vpr.yaml'), 'trainer_node': (TrainerConfig, 'train.yaml')}
# What people set first; the README has these, docs/parameters.md all.
_FIRST = {
    'vpr_node': (
        'map',
        'autostart',
        'input.type',
        'input.reliability',
        'input.odometry',
        'match.min_confidence',
        'match.top_k',
        'match.sequence.filter',
        'backend.name',
    ),
    'trainer_node': (
        'bags',
        'map',
        'overwrite',
        'input.type',
        'input.topic',
        'places.by',
        'places.spacing',
        'places.tolerance',
        'poses.topic',
        'training.quantize',
        'training.seed',
    ),
}


def as_yaml(cls: type, node: str) -> str:
    """Return a ROS parameter file with all settings, their meaning and defaults."""
    lines = [
        f'# All parameters of {node} with their defaults; made from vprtempo_ros/config.py.',
        '/**:',
        '  ros__parameters:',
    ]
    section: list[str] = []
    for item in options(cls):
        *path, leaf = item.name.split('.')
        if path != section:
            lines += [
                '  ' * (2 + depth) + f'{part}:'
                for depth, part in enumerate(path)
                if path[: depth + 1] != section[: depth + 1]
            ]
            section = path
        indent = '  ' * (2 + len(path))
        # An empty list has no type that a parameter file could tell, and a string in its place
        # would win over an array that is given in a later file.
        setting = f'# {leaf}: [...]' if item.default == [] else f'{leaf}: {_plain(item.default)}'
        lines += [f'{indent}# {item.rule.doc}{_allowed(item)}', f'{indent}{setting}']
    return '\n'.join(lines) + '\n'


def as_table(items: Sequence[Option]) -> str:
    """Return a Markdown table of settings."""
    lines = ['| parameter | type | default | meaning |', '|---|---|---|---|']
    for item in items:
        kind = (
            'string[]'
            if item.type is list
            else {'str': 'string', 'float': 'double'}.get(item.type.__name__, item.type.__name__)
        )
        live = ', may change while active' if item.rule.dynamic else ''
        lines.append(
            f'| `{item.name}` | {kind} | `{_plain(item.default)}` | '
            f'{item.rule.doc}{_allowed(item)}{live} |'
        )
    return '\n'.join(lines) + '\n'


def as_topics(entries: Sequence[Entry]) -> str:
    """Return a Markdown table of topics and services."""
    lines = ['| | name | type | QoS | |', '|---|---|---|---|---|']
    for entry in entries:
        types = ', '.join(name.replace('/msg/', '/').replace('/srv/', '/') for name in entry.types)
        lines.append(
            f'| {entry.direction} | `{entry.name}` | {types} | {entry.qos} | {entry.note} |'
        )
    return '\n'.join(lines) + '\n'


def with_tables(text: str) -> str:
    """Return a Markdown text with the tables between its marks made anew."""
    tables = {f'interface of {node}': as_topics(entries) for node, entries in NODES.items()}
    for node, names in _FIRST.items():
        known = {item.name: item for item in options(_NODES[node][0])}
        tables[f'parameters of {node}'] = as_table([known[name] for name in names])
    for what, table in tables.items():
        begin, end = f'<!-- {what}, by make docs -->\n', '<!-- end -->'
        head, _, rest = text.partition(begin)
        assert rest, f'expected the line {begin!r} in the README'
        text = f'{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}'
    return text


def files() -> dict[Path, str]:
    """Return every file that is made from the code, with its text."""
    made = {_ROOT / 'config' / name: as_yaml(cls, node) for node, (cls, name) in _NODES.items()}
    tables = [f'## `{node}`\n\n{as_table(list(options(cls)))}' for node, (cls, _) in _NODES.items()]
    made[_ROOT / 'docs' / 'parameters.md'] = (
        '# Parameters\n\nMade from `vprtempo_ros/config.py` by `make docs`.\n\n' + '\n'.join(tables)
    )
    readme = _ROOT / 'README.md'
    made[readme] = with_tables(readme.read_text(encoding='utf-8'))
    return made


def _plain(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True)
    return text.removesuffix('\n').removesuffix('\n...')


def _allowed(item: Option) -> str:
    low, high, choices = item.rule.low, item.rule.high, item.rule.choices
    if choices:
        return f' ({", ".join(choices)})'
    if low is not None and high is not None:
        return f' ({low:g} to {high:g})'
    return f' (at least {low:g})' if low is not None else ''


def main() -> int:
    """Write the files."""
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding='utf-8')
        print(path.relative_to(_ROOT))
    return 0


if __name__ == '__main__':
    sys.exit(main())
