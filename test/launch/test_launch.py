"""Launch files: arguments, parameters and remaps that exist, and what they start."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support import ROOT
from support.launching import described, own_executable

from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.interface import NODES
from vprtempo_ros.options import from_flat, options

FILES = sorted(path.name for path in (ROOT / 'launch').glob('*.launch.py'))
# What must be given; everything else has a default.
REQUIRED = {
    'vpr.launch.py': {'map': '~/maps/office'},
    'events.launch.py': {'map': '~/maps/office'},
    'replay.launch.py': {'map': '~/maps/office', 'bag': 'tuesday'},
    'train.launch.py': {'map': '~/maps/office', 'bags': 'monday'},
    'teach.launch.py': {'map': '~/maps/office'},
    'multi_camera.launch.py': {'maps': '~/maps'},
}
SETTINGS = {'vpr_node': NodeConfig, 'trainer_node': TrainerConfig}


def test_no_file_is_left_out() -> None:
    """Every launch file is looked at here."""
    assert set(FILES) == set(REQUIRED)


@pytest.mark.parametrize('file', FILES)
def test_arguments_are_described_and_have_defaults(file: str) -> None:
    """Every argument says what it is; without one that has no default nothing starts."""
    _, context = described(file, **REQUIRED[file])
    for name, given in context.declared.items():
        assert given['description'], name
        assert ('default_value' in given) is (name not in REQUIRED[file]), name
        assert given.get('choices') is not None or given.get('default_value') not in (
            'true',
            'false',
        ), name
    for name in REQUIRED[file]:
        rest = {key: value for key, value in REQUIRED[file].items() if key != name}
        with pytest.raises(ValueError, match=f'argument {name} was not provided'):
            described(file, **rest)


@pytest.mark.parametrize('file', FILES)
def test_nodes_are_started_with_what_exists(file: str) -> None:
    """Executables are in setup.py, parameters in config.py, remapped names in interface.py."""
    started, _ = described(file, **REQUIRED[file])
    assert started
    for process in started:
        if process.package != 'vprtempo_ros':
            continue
        assert own_executable(process.executable)
        for path in process.files:
            assert Path(path).is_file(), path
        if process.executable not in SETTINGS:
            continue
        cls = SETTINGS[process.executable]
        given = {
            name: value for name, value in process.parameters.items() if name != 'use_sim_time'
        }
        defaults = {item.name: item.default for item in options(cls)}
        if given.get('bags'):
            given['bags'] = [given['bags']]
        from_flat(cls, {**defaults, **given})
        names = {entry.name for entry in NODES[process.executable]}
        assert set(process.remappings) <= names


@pytest.mark.parametrize('file', sorted(set(FILES) - {'train.launch.py', 'teach.launch.py'}))
@pytest.mark.parametrize('simulated', ['true', 'false'])
def test_all_nodes_go_by_the_same_clock(file: str, simulated: str) -> None:
    """use_sim_time reaches every node that has a clock: ours, RViz and the live page."""
    arguments = {**REQUIRED[file], 'use_sim_time': simulated}
    if file != 'multi_camera.launch.py':
        arguments.update(rviz='true', view='true')
    started, _ = described(file, **arguments)
    clocks = [
        process.parameters['use_sim_time']
        for process in started
        if process.executable in ('vpr_node', 'rviz2', 'view')
    ]
    assert clocks == [simulated == 'true'] * (2 if file == 'multi_camera.launch.py' else 3)


def test_a_trainer_is_taught() -> None:
    """It listens, to the topics and in the time of the robot, and has the map loaded."""
    (trainer,), _ = described(
        'teach.launch.py',
        map='m',
        image='/front/image_raw',
        by='metres',
        use_sim_time='true',
        load_into='vpr_node',
        spacing='2',
    )
    assert trainer.parameters['live.enabled'] is True
    assert trainer.parameters['live.load_into'] == 'vpr_node'
    assert trainer.parameters['use_sim_time'] is True
    assert trainer.parameters['places.spacing'] == 2.0
    assert trainer.remappings['image'] == '/front/image_raw'
    assert not trainer.ends_all


def test_replay_publishes_the_time_that_the_nodes_go_by() -> None:
    """The bag is played with --clock, looping if asked; without, its end is the end of all."""
    once, _ = described('replay.launch.py', **REQUIRED['replay.launch.py'], rate='2')
    player = next(process for process in once if process.executable == 'ros2')
    assert player.arguments == ['bag', 'play', 'tuesday', '--clock', '100', '--rate', '2']
    assert player.ends_all
    assert next(p for p in once if p.executable == 'vpr_node').parameters['use_sim_time'] is True
    again, context = described('replay.launch.py', **REQUIRED['replay.launch.py'], loop='true')
    players = [process for process in again if process.executable == 'ros2']
    assert [process.arguments[-1] for process in players] == ['--loop']
    assert not players[0].ends_all
    assert context.environment['FASTDDS_DEFAULT_PROFILES_FILE'].endswith('.xml')


def test_rviz_shows_the_nodes_topics() -> None:
    """RViz is in the node's namespace, looks at its topics, and at the camera as remapped."""
    started, _ = described(
        'vpr.launch.py',
        map='m',
        namespace='front',
        rviz='true',
        image='/front/image_raw',
        fixed_frame='odom',
    )
    rviz = next(process for process in started if process.executable == 'rviz2')
    assert rviz.namespace == 'front'
    assert rviz.remappings['image'] == '/front/image_raw'
    assert rviz.arguments[rviz.arguments.index('-f') + 1] == 'odom'
    shown = yaml.safe_load(Path(rviz.arguments[rviz.arguments.index('-d') + 1]).read_text())
    topics = {
        value['Value']
        for display in shown['Visualization Manager']['Displays']
        for key, value in display.items()
        if key.endswith('Topic')
    }
    ours = {entry.name.replace('~', 'vpr_node') for entry in NODES['vpr_node']}
    assert topics
    assert topics <= ours


@pytest.mark.parametrize('file', ['vpr.launch.py', 'events.launch.py', 'replay.launch.py'])
def test_the_pose_for_a_localiser_goes_where_it_listens(file: str) -> None:
    """In a namespace too, that of our node and of RViz's tool; without the argument it stays."""
    for given, expected in (({'initialpose': '/initialpose'}, '/initialpose'), ({}, 'initialpose')):
        started, _ = described(file, **REQUIRED[file], namespace='front', rviz='true', **given)
        assert [
            process.remappings['initialpose']
            for process in started
            if process.executable in ('vpr_node', 'rviz2')
        ] == [expected] * 2


def test_wrong_arguments_are_refused() -> None:
    """A choice that there is not, or an argument that there is not, starts nothing."""
    with pytest.raises(ValueError, match='radar is not valid'):
        described('vpr.launch.py', map='m', input_type='radar')
    with pytest.raises(ValueError, match='has no argument maps'):
        described('vpr.launch.py', map='m', maps='n')


def test_cameras_do_not_share_arguments() -> None:
    """Each camera has its own namespace, topic and map, and nothing of the one before it."""
    started, _ = described('multi_camera.launch.py', maps='/maps', cameras='front rear left')
    assert [
        (node.namespace, node.remappings['image'], node.parameters['map']) for node in started
    ] == [(name, f'/{name}/image_raw', f'/maps/{name}') for name in ('front', 'rear', 'left')]
    # But for the robot's one localiser.
    assert {node.remappings['initialpose'] for node in started} == {'/initialpose'}
