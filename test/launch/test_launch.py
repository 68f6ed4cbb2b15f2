"""Launch files: arguments, parameters and remaps that exist, and what they start."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support import ROOT
from support.launch_stand_ins import Context, ExecuteProcess, Node, ParameterValue, carried_out
from support.launching import LaunchError, described, own_executable

from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.interface import NODES
from vprtempo_ros.options import from_flat, options

FILES = sorted(path.name for path in (ROOT / 'launch').glob('*.launch.py'))
# What must be given; everything else has a default.
REQUIRED = {
    'vpr.launch.py': {'map': '~/maps/office'},
    'events.launch.py': {'map': '~/maps/office'},
    'replay.launch.py': {'map': '~/maps/office', 'bag': '~/tuesday'},
    'train.launch.py': {'map': '~/maps/office', 'bags': '~/monday'},
    'teach.launch.py': {'map': '~/maps/office'},
    'multi_camera.launch.py': {'map': '~/maps/office'},
}
WITH_RVIZ = {'vpr.launch.py', 'events.launch.py', 'replay.launch.py', 'multi_camera.launch.py'}
SETTINGS = {'vpr_node': NodeConfig, 'trainer_node': TrainerConfig}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home folder with the bags and the map that must be there."""
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    for name in ('maps/office', 'monday', 'tuesday', 'other day'):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_no_file_is_left_out() -> None:
    """Every launch file is looked at here."""
    assert set(FILES) == set(REQUIRED)


@pytest.mark.parametrize('file', FILES)
def test_arguments_are_described_and_have_defaults(file: str) -> None:
    """Every argument says what it is; without one that has no default nothing starts."""
    _, context = described(file, **REQUIRED[file])
    for name, given in context.declared.items():
        assert given.description, name
        assert (given.default_value is None) is (name in REQUIRED[file]), name
        assert given.choices is not None or given.default_value not in ('true', 'false'), name
    for name in REQUIRED[file]:
        rest = {key: value for key, value in REQUIRED[file].items() if key != name}
        with pytest.raises(LaunchError, match=f'argument {name} was not provided'):
            described(file, **rest)


@pytest.mark.parametrize('file', FILES)
def test_every_argument_has_an_effect(file: str, home: Path) -> None:
    """Another value changes what is started; arguments of other inputs do with such an input."""
    others = {
        'map': '~/monday',
        'maps': '~/other',
        'cameras': 'left',
        'bag': '~/monday',
        'bags': '~/tuesday',
        'message': 'array',
        'params_file': '~/mine.yaml',
        'by': 'metres',
        'view_port': '8766',
        'rate': '2.5',
        'spacing': '2.5',
        'delay': '2.5',
        'namespace': 'robot1',
    }
    (home / 'mine.yaml').write_text('{}')
    _, context = described(file, **REQUIRED[file])

    shown = {'rviz': 'true', 'view': 'true'} if 'rviz' in context.declared else {}

    def seen(**given: str) -> str:
        started, _ = described(file, **{**REQUIRED[file], **shown, **given})
        later = [one for process in started for one in process.ended(0).started]
        return repr([replace(one, on_exit=None, context=None) for one in started + later])

    for name, argument in context.declared.items():
        value = others.get(name, 'other')
        if argument.choices:
            default = shown.get(name, argument.default_value)
            value = next(one for one in argument.choices if one != default)
        needs = {'events': {'input_type': 'events'}} if 'input_type' in context.declared else {}
        given = needs.get(name, {})
        assert seen(**given) != seen(**{**given, name: value}), name


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
        from_flat(cls, {**defaults, **given})
        names = {entry.name for entry in NODES[process.executable]}
        assert set(process.remappings) <= names


@pytest.mark.parametrize('file', sorted(set(FILES) - {'train.launch.py', 'teach.launch.py'}))
@pytest.mark.parametrize('simulated', ['true', 'false'])
def test_all_nodes_go_by_the_same_clock(file: str, simulated: str) -> None:
    """use_sim_time reaches every node that has a clock: ours, RViz and the live page."""
    arguments = {**REQUIRED[file], 'use_sim_time': simulated, 'rviz': 'true', 'view': 'true'}
    started, _ = described(file, **arguments)
    clocks = [
        process.parameters['use_sim_time']
        for process in started
        if process.executable in ('vpr_node', 'rviz2', 'view')
    ]
    assert clocks == [simulated == 'true'] * 3


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


def test_replay_publishes_the_time_that_the_nodes_go_by(home: Path) -> None:
    """The bag is played with --clock once vpr_node is active; its end is the end of all."""
    given = REQUIRED['replay.launch.py']
    once, context = described('replay.launch.py', **given, rate='2', namespace='front')
    assert not [process for process in once if process.executable == 'ros2']
    assert next(p for p in once if p.executable == 'vpr_node').parameters['use_sim_time'] is True
    waiting = next(process for process in once if process.executable == 'wait_until_active')
    assert (waiting.namespace, waiting.arguments) == ('front', ['--node', 'vpr_node'])
    # It is asked by real time: /clock begins with the bag.
    assert 'use_sim_time' not in waiting.parameters
    outcome = waiting.ended(0)
    (player,) = outcome.started
    bag = str(home / 'tuesday')
    assert player.arguments == (
        ['bag', 'play', bag, '--clock', '100', '--rate', '2.0', '--delay', '1.0']
    )
    assert not outcome.shutdown
    assert player.ends_all
    assert context.environment['FASTDDS_DEFAULT_PROFILES_FILE'].endswith('.xml')
    again, _ = described('replay.launch.py', **given, loop='true', delay='0')
    (player,) = again[-1].ended(0).started
    assert player.arguments[-3:] == ['--rate', '1.0', '--loop']


@pytest.mark.parametrize('file', FILES)
def test_a_process_that_fails_ends_all(file: str) -> None:
    """Launch ends with its exit status 1, not with 0 as where a process is done."""
    given = {'rviz': 'true', 'view': 'true'} if file in WITH_RVIZ else {}
    started, _ = described(file, **REQUIRED[file], **given)
    assert len(started) > 2 * (file in WITH_RVIZ)
    for process in started:
        for status in (1, 130, -9):
            assert f'{process.executable} failed' in process.ended(status).problem
        assert not process.ended(0).problem
    assert [process.ends_all for process in started].count(True) == (file == 'train.launch.py')


@pytest.mark.parametrize(
    ('file', 'given', 'reason'),
    [
        ('vpr.launch.py', {'params_file': '~/x.yaml'}, 'expected an existing file, found none at'),
        ('vpr.launch.py', {'params_file': ''}, 'expected an existing file'),
        ('vpr.launch.py', {'view_port': '99999'}, 'expected a number from 0 to 65535'),
        ('vpr.launch.py', {'namespace': 'a-b'}, 'expected a namespace of letters'),
        ('multi_camera.launch.py', {'cameras': 'front re-ar'}, 'expected different names'),
        ('multi_camera.launch.py', {'cameras': 'front front'}, 'expected different names'),
        ('multi_camera.launch.py', {'params_file': '/no'}, 'expected an existing file'),
        ('replay.launch.py', {'bag': '~/nowhere'}, 'expected an existing file or folder'),
        ('replay.launch.py', {'map': '~/nowhere'}, 'expected an existing file or folder'),
        ('replay.launch.py', {'delay': '-1'}, 'expected a number of at least 0'),
        ('train.launch.py', {'bags': '[~/monday, ~/nowhere]'}, 'nowhere'),
        ('train.launch.py', {'bags': '[~/monday'}, 'brackets that are not a list'),
        ('train.launch.py', {'spacing': 'wide'}, 'expected a number'),
        ('events.launch.py', {'image': '/camera'}, 'events.launch.py has no such argument'),
        ('multi_camera.launch.py', {'maps': '~/maps'}, 'it has cameras, map'),
    ],
)
def test_what_cannot_start_starts_nothing(file: str, given: dict[str, str], reason: str) -> None:
    """It is one line that has the argument, the value and what was expected."""
    with pytest.raises(LaunchError, match=re.escape(reason)) as caught:
        described(file, **{**REQUIRED[file], **given})
    assert not caught.value.started
    assert next(iter(given)) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('file', 'given', 'package'),
    [
        ('vpr.launch.py', {'rviz': 'true'}, 'rviz2'),
        ('events.launch.py', {'rviz': 'true'}, 'rviz2'),
        ('replay.launch.py', {}, 'ros2bag'),
    ],
)
def test_what_is_not_installed_starts_nothing(
    file: str, given: dict[str, str], package: str
) -> None:
    """The package that is missing is named, and how to install it; package.xml names it too."""
    with pytest.raises(LaunchError, match=f'sudo apt install ros-jazzy-{package}') as caught:
        described(file, installed=(), **REQUIRED[file], **given)
    assert not caught.value.started
    assert f'<exec_depend>{package}</exec_depend>' in (ROOT / 'package.xml').read_text()


def test_paths_may_begin_with_the_home_folder(home: Path) -> None:
    """No shell expands ~ after :=; every path is expanded here, in lists too."""
    (home / 'mine.yaml').write_text('{}')
    (node,), _ = described('vpr.launch.py', map='~/maps/hall', params_file='~/mine.yaml')
    assert node.parameters['map'] == str(home / 'maps/hall')
    assert node.files == [str(home / 'mine.yaml')]
    (trainer,), _ = described(
        'train.launch.py', map='~/maps/hall', bags='[~/monday, "~/other day"]'
    )
    assert trainer.parameters['map'] == str(home / 'maps/hall')
    assert trainer.parameters['bags'] == [str(home / 'monday'), str(home / 'other day')]
    (one,), _ = described('train.launch.py', map='m', bags='~/other day')
    assert one.parameters['bags'] == [str(home / 'other day')]
    (teacher,), _ = described('teach.launch.py', map='~/maps/hall', recording='~/drive')
    assert teacher.parameters['live.recording'] == str(home / 'drive')
    (cameras,), _ = described('multi_camera.launch.py', map='~/maps/office')
    assert cameras.parameters['map'] == str(home / 'maps' / 'office')


def test_text_stays_text() -> None:
    """A map whose name YAML reads as a number is a string for the node."""
    (node,), _ = described('vpr.launch.py', map='1e3')
    assert node.parameters['map'] == '1e3'


def test_arguments_of_launch_itself_are_allowed() -> None:
    """Every launch file takes those."""
    assert described('vpr.launch.py', map='m', sigterm_timeout='20')[0]


def test_stand_ins_are_as_strict_as_launch() -> None:
    """An action runs once; types, files, executables and names are those that launch takes."""
    node = {'package': 'vprtempo_ros', 'executable': 'vpr_node', 'name': 'vpr_node'}
    twice = Node(**node)
    assert 'executed more than once' in carried_out([twice, twice], Context({})).problem
    process = ExecuteProcess(cmd=['true'])
    assert 'executed more than once' in carried_out([process, process], Context({})).problem
    for wrong in (
        {'arguments': [8765]},
        {'parameters': ['x', 3]},
        {'parameters': [{'map': None}]},
        {'parameters': [{'map': ParameterValue('a', value_type=str), 'n': 'text'}]},
        {'remappings': [('image', None)]},
        {'condition': 'true'},
    ):
        with pytest.raises(TypeError):
            Node(**node, **wrong)
    with pytest.raises(TypeError):
        ParameterValue(3, value_type=str)
    with pytest.raises(FileNotFoundError):
        carried_out([Node(**node, parameters=['/no/such.yaml'])], Context({}))
    with pytest.raises(ValueError, match='invalid name'):
        carried_out([Node(**node, namespace='a-b')], Context({}))
    with pytest.raises(Exception, match='not found'):
        carried_out([Node(**{**node, 'executable': 'walker'})], Context({}))


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
    assert topics <= {*ours, 'image/compressed'}


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
    with pytest.raises(LaunchError, match='radar is not valid'):
        described('vpr.launch.py', map='m', input_type='radar')
    with pytest.raises(LaunchError, match='vpr.launch.py has no such argument; it has map, image'):
        described('vpr.launch.py', map='m', maps='n')


def test_cameras_have_one_node_with_their_topics() -> None:
    """Each has its topic in a namespace of its name, in that of the robot; all have one map."""
    (node,), _ = described('multi_camera.launch.py', map='/m', cameras='front rear left')
    assert node.parameters['map'] == '/m'
    assert node.parameters['cameras.names'] == ['front', 'rear', 'left']
    assert node.parameters['cameras.topics'] == [
        f'/{name}/image_raw' for name in ('front', 'rear', 'left')
    ]
    (node,), _ = described('multi_camera.launch.py', map='/m', namespace='/robot1', image='image')
    assert node.namespace == 'robot1'
    assert node.parameters['cameras.topics'] == ['/robot1/front/image', '/robot1/rear/image']


def test_the_trainer_gets_several_cameras(home: Path) -> None:
    """Without them it gets no list, whose type ROS would not know."""
    (one,), _ = described('train.launch.py', **REQUIRED['train.launch.py'])
    assert 'cameras.names' not in one.parameters
    (several,), _ = described('train.launch.py', **REQUIRED['train.launch.py'], cameras='a b')
    assert several.parameters['cameras.names'] == ['a', 'b']


@pytest.mark.parametrize(('kind', 'name'), [('image', 'image'), ('compressed', 'image/compressed')])
def test_rviz_shows_the_camera_with_its_transport(kind: str, name: str) -> None:
    """It takes the transport from the last part of a display's topic; each has a display."""
    started, _ = described(
        'vpr.launch.py', map='m', rviz='true', input_type=kind, image='/camera/image'
    )
    rviz = next(process for process in started if process.executable == 'rviz2')
    assert {old for old in rviz.remappings if old.startswith('image')} == {name}
    assert rviz.remappings[name] == name.replace('image', '/camera/image')
    shown = yaml.safe_load((ROOT / 'rviz' / 'vpr.rviz').read_text())
    topics = [
        display['Topic']['Value']
        for display in shown['Visualization Manager']['Displays']
        if display['Class'].endswith('/Image')
    ]
    assert name in topics
