"""
settings: generate the files that repeat definitions from the code.

These are config/*.yaml and docs/parameters.md from config.py, docs/formats.md from the readers, and
the tables in docs/interface.md from interface.py and the docstrings of the commands. `make docs`
runs it; a test compares the files with its output.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Sequence

import yaml

from ..config import NodeConfig, TrainerConfig
from ..interface import NODES, Entry
from ..options import Option, options
from ..sources.formats import tables

_ROOT = Path(__file__).resolve().parent.parent.parent
_NODES = {'vpr_node': (NodeConfig, 'vpr.yaml'), 'trainer_node': (TrainerConfig, 'train.yaml')}

COMMANDS = {
    'images_to_bag': 'tools/images_to_bag.py',
    'import_nordland': 'tools/import_nordland.py',
    'import_event_data': 'tools/import_event_data.py',
    'replay': 'nodes/commands/replay.py',
    'view': 'nodes/commands/view.py',
    'show_matches': 'nodes/commands/show_matches.py',
    'wait_until_active': 'nodes/commands/wait_until_active.py',
    'evaluate': 'tools/evaluate.py',
    'map_info': 'tools/map_info.py',
    'map_edit': 'tools/map_edit.py',
    'bag_info': 'tools/bag_info.py',
    'events_to_frames': 'tools/events_to_frames.py',
    'integer_walk': 'tools/integer_walk.py',
    'energy': 'tools/energy.py',
    'to_nir': 'tools/to_nir.py',
    'from_nir': 'tools/from_nir.py',
    'demo': 'demo/__main__.py',
}
"""The command-line tools, with the module whose docstring begins with their one-line help."""


def as_yaml(cls: type, node: str) -> str:
    """Return a ROS parameter file with all parameters, their descriptions and defaults."""
    lines = [
        f'# All parameters of {node} with their defaults; made from vprtempo_ros/config.py.',
        '/**:',
        '  ros__parameters:',
    ]
    section: list[str] = []
    # A section in which all are comments would have no value, so it is one too.
    valued = [item.name for item in options(cls) if item.default != []]
    for item in options(cls):
        *path, leaf = item.name.split('.')
        if path != section:
            lines += [
                '  ' * (2 + depth)
                + ('' if _any_below(valued, path[: depth + 1]) else '# ')
                + f'{part}:'
                for depth, part in enumerate(path)
                if path[: depth + 1] != section[: depth + 1]
            ]
            section = path
        indent = '  ' * (2 + len(path))
        # An empty list has no type in a parameter file, and an empty string in its place would
        # override an array in a later file.
        setting = f'# {leaf}: [...]' if item.default == [] else f'{leaf}: {_plain(item.default)}'
        lines += [f'{indent}# {item.rule.doc}{_allowed(item)}', f'{indent}{setting}']
    return '\n'.join(lines) + '\n'


def _any_below(names: Sequence[str], section: Sequence[str]) -> bool:
    return any(name.startswith(f'{".".join(section)}.') for name in names)


def as_table(items: Sequence[Option]) -> str:
    """Return a Markdown table of parameters."""
    lines = ['| parameter | type | default | meaning |', '|---|---|---|---|']
    for item in items:
        kind = (
            'string[]'
            if item.type is list
            else {'str': 'string', 'float': 'double'}.get(item.type.__name__, item.type.__name__)
        )
        live = '; may change while active' if item.rule.dynamic else ''
        lines.append(
            f'| `{item.name}` | {kind} | `{_plain(item.default)}` | '
            f'{item.rule.doc}{_allowed(item)}{live} |'
        )
    return '\n'.join(lines) + '\n'


def as_topics(entries: Sequence[Entry]) -> str:
    """Return a Markdown table of topics and services."""
    lines = ['| | name | type | QoS | meaning |', '|---|---|---|---|---|']
    for entry in entries:
        types = ', '.join(name.replace('/msg/', '/').replace('/srv/', '/') for name in entry.types)
        lines.append(
            f'| {entry.direction} | `{entry.name}` | {types} | {entry.qos} | {entry.note} |'
        )
    return '\n'.join(lines) + '\n'


def as_commands() -> str:
    """Return a Markdown table of the command-line tools with their one-line help."""
    lines = ['| command | purpose |', '|---|---|']
    lines += [f'| `{name}` | {one_line_help(name)} |' for name in COMMANDS]
    return '\n'.join(lines) + '\n'


def one_line_help(command: str) -> str:
    """
    Return the first line of a command's docstring, without its name and the full stop.

    :raises ValueError: if the docstring does not begin with the name.
    """
    source = (_ROOT / 'vprtempo_ros' / COMMANDS[command]).read_text(encoding='utf-8')
    # Parsed, since some modules need ROS to be imported.
    line = (ast.get_docstring(ast.parse(source)) or '').partition('\n')[0]
    name, _, text = line.partition(': ')
    if name != command or not text:
        raise ValueError(f'{COMMANDS[command]}: expected a docstring like "{command}: ..."')
    return text.removesuffix('.')


def with_tables(text: str) -> str:
    """
    Return a Markdown text with the tables between its marks replaced by current ones.

    :raises ValueError: if a mark is missing.
    """
    tables = {f'interface of {node}': as_topics(entries) for node, entries in NODES.items()}
    tables['command-line tools'] = as_commands()
    for what, table in tables.items():
        begin, end = f'<!-- {what}, by make docs -->\n', '<!-- end -->'
        head, mark, tail = text.partition(begin)
        if not mark or end not in tail:
            raise ValueError(f'docs/interface.md: expected the lines {begin!r} and {end!r}')
        text = f'{head}{begin}\n{table}\n{end}{tail.partition(end)[2]}'
    return text


def as_formats() -> str:
    """Return a page of everything that is read."""
    text = (
        '# What is read\n\nGenerated from the readers by `make docs`. Bags and files are traverses '
        'for `trainer_node`, `evaluate`,\n`bag_info` and `events_to_frames` alike. Clocks, gaps '
        'and damage: [Recordings](recordings.md).\n'
    )
    for title, rows in tables().items():
        text += f'\n## {title}\n\n| what | encodings, versions | tested against |\n|---|---|---|\n'
        text += ''.join(f'| {name} | {versions} | {tested} |\n' for name, versions, tested in rows)
    return text


def files() -> dict[Path, str]:
    """Return all generated files with their contents."""
    made = {_ROOT / 'config' / name: as_yaml(cls, node) for node, (cls, name) in _NODES.items()}
    tables = [f'## `{node}`\n\n{as_table(list(options(cls)))}' for node, (cls, _) in _NODES.items()]
    made[_ROOT / 'docs' / 'parameters.md'] = (
        '# Parameters\n\nGenerated from `vprtempo_ros/config.py` by `make docs`. As files to start '
        'from: [config/vpr.yaml](../config/vpr.yaml),\n'
        '[config/train.yaml](../config/train.yaml). Which to change when: '
        '[Tuning](tutorials/tuning.md).\n\n' + '\n'.join(tables)
    )
    made[_ROOT / 'docs' / 'formats.md'] = as_formats()
    interface = _ROOT / 'docs' / 'interface.md'
    made[interface] = with_tables(interface.read_text(encoding='utf-8'))
    return made


def _plain(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True)
    return text.removesuffix('\n').removesuffix('\n...')


def _allowed(item: Option) -> str:
    low, high, choices = item.rule.low, item.rule.high, item.rule.choices
    if choices:
        return f' ({", ".join(choice or "empty" for choice in choices)})'
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
