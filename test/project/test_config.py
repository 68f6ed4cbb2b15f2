"""Configuration: defaults, round trips, and one clear line for everything that is not allowed."""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest
import yaml
from support import ROOT

from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.options import check_value, from_flat, from_tree, options, to_tree
from vprtempo_ros.tools import settings

TREES = (TrainerConfig, NodeConfig)


def _names(tree: dict[str, Any], prefix: str = '') -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _names(value, f'{prefix}{name}.')
        else:
            yield prefix + name


@pytest.mark.parametrize('cls', TREES)
def test_defaults_are_allowed(cls: type) -> None:
    """Every default passes its own check, unchanged."""
    for item in options(cls):
        assert check_value(item, item.default) == item.default


@pytest.mark.parametrize('cls', TREES)
def test_every_setting_is_described(cls: type) -> None:
    """Every setting says what it is, and its bounds are the right way round."""
    for item in options(cls):
        assert item.rule.doc.strip(), item.name
        low, high = item.rule.low, item.rule.high
        assert low is None or high is None or low < high, item.name


@pytest.mark.parametrize('cls', TREES)
def test_nothing_named_is_the_default(cls: type) -> None:
    """A configuration of no values is that of the defaults."""
    assert from_flat(cls, {}) == cls()
    assert from_tree(cls, {}) == cls()


def test_flat_values_arrive_where_they_belong() -> None:
    """Dotted names reach the leaves of the tree, and nothing else changes."""
    config = from_flat(
        TrainerConfig,
        {'bags': ['a', 'b'], 'encoding.patch': 9, 'places.by': 'metres', 'overwrite': True},
    )
    expected = TrainerConfig(bags=['a', 'b'], overwrite=True)
    expected.encoding.patch = 9
    expected.places.by = 'metres'
    assert config == expected


@pytest.mark.parametrize('cls', TREES)
def test_round_trip_through_a_tree_and_yaml(cls: type) -> None:
    """What to_tree gives survives YAML and comes back equal, also where nothing is default."""
    changed: dict[str, Any] = {}
    for item in options(cls):
        if item.rule.choices:
            changed[item.name] = item.rule.choices[-1]
        elif item.type is bool:
            changed[item.name] = not item.default
        elif item.type is list:
            changed[item.name] = ['ü: [x]', '']
        elif item.type is str:
            changed[item.name] = "it's: #1"
        else:
            changed[item.name] = item.default + (2 if item.type is int else 0.0123)
    config = from_flat(
        cls, {name: value for name, value in changed.items() if name != 'match.min_confidence'}
    )
    assert config != cls()
    text = yaml.safe_dump(to_tree(config))
    assert from_tree(cls, yaml.safe_load(text)) == config


def test_a_tree_does_not_share_its_lists() -> None:
    """Two configurations have lists of their own."""
    first, second = TrainerConfig(), TrainerConfig()
    first.bags.append('a')
    assert second.bags == []


@pytest.mark.parametrize(
    ('name', 'value', 'kind'),
    [('places.spacing', 2, float), ('poses.max_gap', 0, float), ('encoding.width', 32, int)],
)
def test_a_whole_number_serves_as_a_float(name: str, value: int, kind: type) -> None:
    """An int is taken for a float and becomes one; an int stays an int."""
    section, leaf = name.split('.')
    found = getattr(getattr(from_flat(TrainerConfig, {name: value}), section), leaf)
    assert found == value
    assert type(found) is kind


@pytest.mark.parametrize(
    ('name', 'value', 'expected'),
    [
        ('encoding.widht', 28, 'no such setting'),
        ('encoding', 28, 'no such setting'),
        ('', 1, 'no such setting'),
        ('encoding.width', 28.0, 'expected int'),
        ('encoding.width', '28', 'expected int'),
        ('encoding.width', True, 'expected int'),
        ('encoding.width', None, 'expected int'),
        ('overwrite', 1, 'expected bool'),
        ('places.spacing', True, 'expected float'),
        ('places.spacing', 'near', 'expected float'),
        ('map', 3, 'expected str'),
        ('bags', 'one', 'expected list'),
        ('bags', ['one', 2], 'list of strings'),
        ('places.spacing', float('nan'), 'from 0.001 to 1000000.0'),
        ('places.radius', float('nan'), 'of at least 0.0'),
        ('places.spacing', 0.0, 'from 0.001'),
        ('places.spacing', float('inf'), 'to 1000000.0'),
        ('training.epochs', -1, 'expected a value'),
        ('training.seed', -1, 'from 0 to 2147483647'),
        ('encoding.width', 513, 'from 4 to 512'),
        ('encoding.patch', 8, 'odd number'),
        ('encoding.resize', 'cubic', 'expected one of'),
        ('training.readout', '', 'linear, clamped'),
    ],
)
def test_what_is_not_allowed(name: str, value: Any, expected: str) -> None:
    """An unknown name, a wrong type or value gives one line that names it and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        from_flat(TrainerConfig, {name: value})
    line = str(caught.value)
    assert line.startswith(f'{name}: ')
    assert expected in line
    assert '\n' not in line


@pytest.mark.parametrize(
    'tree',
    [
        None,
        [],
        'text',
        3,
        {'encoding': 3},
        {3: 4},
        {'encoding': {'width': {'more': 1}}},
        {'encoding': None},
    ],
)
def test_a_tree_of_another_shape(tree: Any) -> None:
    """What is no tree of settings is refused with one line."""
    with pytest.raises(ConfigError) as caught:
        from_tree(TrainerConfig, tree)
    assert '\n' not in str(caught.value)


def test_bounds_are_allowed() -> None:
    """The lowest and the highest value of every setting are themselves allowed."""
    for cls in TREES:
        for item in options(cls):
            for bound in (item.rule.low, item.rule.high):
                if bound is not None:
                    assert check_value(item, item.type(bound)) == bound


def test_match_settings_may_change_live() -> None:
    """Exactly the map with `reload`, and those of match, diagnostics and learning are dynamic."""
    dynamic = {item.name for item in options(NodeConfig) if item.rule.dynamic}
    assert dynamic == {
        item.name
        for item in options(NodeConfig)
        if item.name.startswith(('match.', 'diagnostics.', 'learning.'))
        or item.name in ('map', 'reload')
    }


@pytest.mark.parametrize('path', sorted(settings.files()), ids=lambda path: path.name)
def test_generated_files_are_up_to_date(path: Any) -> None:
    """config/*.yaml, docs/parameters.md and docs/interface.md are what `make docs` writes."""
    assert path.read_text(encoding='utf-8') == settings.files()[path]


def test_every_command_is_documented() -> None:
    """The table of command-line tools has all commands of setup.py but the two nodes."""
    pattern = r"'(\w+) = vprtempo_ros\.(?:nodes|tools|demo)\.[\w.]+:\w+'"
    scripts = set(re.findall(pattern, (ROOT / 'setup.py').read_text()))
    assert set(settings.COMMANDS) == scripts - {'vpr_node', 'trainer_node'}


@pytest.mark.parametrize(('cls', 'file'), [(TrainerConfig, 'train.yaml'), (NodeConfig, 'vpr.yaml')])
def test_parameter_files_hold_every_default(cls: type, file: str) -> None:
    """A generated parameter file is YAML that gives each setting with its default."""
    text = next(text for path, text in settings.files().items() if path.name == file)
    tree = yaml.safe_load(text)['/**']['ros__parameters']
    # An empty list has no type in a parameter file: it stands there as a comment.
    lists = {item.name for item in options(cls) if item.default == []}
    assert 'cameras' not in tree and '# cameras:' in text
    assert ('# bags: [...]' in text) is (cls is TrainerConfig)
    assert from_tree(cls, tree) == cls()
    assert set(_names(tree)) | lists == {item.name for item in options(cls)}


@pytest.mark.parametrize(
    ('cls', 'old', 'new'),
    [
        (TrainerConfig, 'training.copies', 'training.augment'),
        (NodeConfig, 'pose.across', 'pose.lateral_std'),
        (NodeConfig, 'pose.heading', 'pose.heading_std'),
    ],
)
def test_a_renamed_option_is_told_its_new_name(cls: Any, old: str, new: str) -> None:
    """A file of an earlier version is refused with the name to write instead."""
    with pytest.raises(ConfigError, match=f'^{old} is called {new} now$'):
        from_flat(cls, {old: True})


def test_a_renamed_value_is_told_its_new_name() -> None:
    """So is a value."""
    with pytest.raises(ConfigError, match="found 'settled': 'settled' is called 'ridge' now$"):
        from_flat(TrainerConfig, {'training.outputs': 'settled'})


def test_the_configuration_of_an_old_map_is_converted() -> None:
    """A map keeps its configuration, in the names of the version that made it."""
    tree = {'training': {'copies': False, 'outputs': 'settled', 'seed': 3}}
    config = from_tree(TrainerConfig, tree)
    assert config.training.augment is False
    assert config.training.outputs == 'ridge'
    assert config.training.seed == 3
