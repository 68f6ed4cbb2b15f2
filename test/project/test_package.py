"""The package as colcon builds and installs it, and the messages it brings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from support import PATIENCE, ROOT

from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.options import from_tree

COLCON = Path(sys.executable).with_name('colcon')

# Released vision_msgs 4.1, event_camera_msgs and, in ROS 1, dvs_msgs: names, types and order, which
# is what a type's hash covers.
RELEASED = {
    'vision_msgs/ObjectHypothesis': ['string class_id', 'float64 score'],
    'vision_msgs/Classification': ['std_msgs/Header header', 'ObjectHypothesis[] results'],
    'vision_msgs/VisionInfo': [
        'std_msgs/Header header',
        'string method',
        'string database_location',
        'int32 database_version',
    ],
    'event_camera_msgs/EventPacket': [
        'std_msgs/Header header',
        'uint32 height',
        'uint32 width',
        'uint64 seq',
        'uint64 time_base',
        'string encoding',
        'bool is_bigendian',
        'uint8[] events',
    ],
    'dvs_msgs/Event': ['uint16 x', 'uint16 y', 'builtin_interfaces/Time ts', 'bool polarity'],
    'dvs_msgs/EventArray': [
        'std_msgs/Header header',
        'uint32 height',
        'uint32 width',
        'Event[] events',
    ],
}
# What recorders of event cameras write into their bags as the type's hash.
HASH_OF_PACKET = 'RIHS01_d6fa176260b1f37e5a40845305315e150a0f18191241eb64f407442aa29844aa'


def test_each_dependency_is_named_once() -> None:
    """package.xml says nothing twice."""
    named = [
        (child.tag, child.text)
        for child in ElementTree.parse(ROOT / 'package.xml').getroot()
        if child.tag.endswith('depend')
    ]
    assert len(named) > 20
    assert sorted(set(named)) == sorted(named)


@pytest.mark.parametrize('name', RELEASED)
def test_message_definitions_equal_the_released(name: str) -> None:
    """Other machines understand our messages on the wire."""
    package, _, kind = name.partition('/')
    text = (ROOT / 'interfaces' / package / 'msg' / f'{kind}.msg').read_text()
    lines = [' '.join(line.split('#')[0].split()) for line in text.splitlines()]
    assert [line for line in lines if line] == RELEASED[name]


@pytest.mark.parametrize('package', ['vision_msgs', 'event_camera_msgs', 'dvs_msgs'])
def test_message_types_have_the_released_hash(package: str) -> None:
    """The built types' hashes are those that rosbags computes from the released definitions."""
    messages = pytest.importorskip(f'{package}.msg')
    described = [
        file
        for parent in Path(messages.__file__).resolve().parents
        for file in parent.glob(f'share/{package}/msg/*.json')
    ]
    if not described:
        pytest.skip(f'this installation of {package} brings no type descriptions (Humble)')
    store = get_typestore(Stores.ROS2_JAZZY)
    names = [name.replace('/', '/msg/') for name in RELEASED if name.startswith(f'{package}/')]
    for name in names:
        store.register(get_types_from_msg('\n'.join(RELEASED[name.replace('/msg/', '/')]), name))
    for name in names:
        file = next(file for file in described if file.stem == name.rpartition('/')[2])
        assert f'"{store.hash_rihs01(name)}"' in file.read_text()
    if package == 'event_camera_msgs':
        assert store.hash_rihs01('event_camera_msgs/msg/EventPacket') == HASH_OF_PACKET


@pytest.mark.parametrize(('file', 'cls'), [('vpr.yaml', NodeConfig), ('train.yaml', TrainerConfig)])
def test_parameter_files_are_accepted(file: str, cls: type) -> None:
    """config/*.yaml holds every setting under a name that exists, with an allowed value."""
    tree = yaml.safe_load((ROOT / 'config' / file).read_text())['/**']['ros__parameters']
    assert from_tree(cls, tree) == cls()


def test_package_xml_and_setup_agree() -> None:
    """Name, version and description are the same in both, and format 3 is declared."""
    root = ElementTree.parse(ROOT / 'package.xml').getroot()
    setup = (ROOT / 'setup.py').read_text()
    assert root.get('format') == '3'
    for tag in ('version', 'description', 'license'):
        assert f"'{root.findtext(tag)}'" in setup


@pytest.mark.long
def test_colcon_builds_and_installs(tmp_path: Path) -> None:
    """Colcon knows the package as ament_python and installs all that users need."""
    if not COLCON.exists() and shutil.which('colcon') is None:
        pytest.skip('needs colcon')
    colcon = str(COLCON) if COLCON.exists() else 'colcon'
    source = tmp_path / 'src' / 'vprtempo_ros'
    tracked = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in tracked:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    listed = subprocess.run(
        [colcon, 'list'], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert re.fullmatch(r'vprtempo_ros\s+src/vprtempo_ros\s+\(ros\.ament_python\)\n', listed)
    built = subprocess.run(
        [colcon, 'build'], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    prefix = tmp_path / 'install' / 'vprtempo_ros'
    for name in (
        'package.xml',
        'config/vpr.yaml',
        'config/train.yaml',
        'config/fastdds_shm.xml',
        'config/diagnostics_aggregator.yaml',
        'rviz/vpr.rviz',
        *(f'launch/{path.name}' for path in ROOT.glob('launch/*.py')),
    ):
        assert (prefix / 'share' / 'vprtempo_ros' / name).is_file(), name
    assert (prefix / 'share/ament_index/resource_index/packages/vprtempo_ros').is_file()
    library = next(prefix.glob('lib/python3*/site-packages'))
    for name in (
        'py.typed',
        'nodes/vpr/vpr_node.py',
        'view/page/index.html',
        'evaluation/report.html.jinja',
    ):
        assert (library / 'vprtempo_ros' / name).is_file(), name
    for name in (
        'vpr_node',
        'trainer_node',
        'replay',
        'show_matches',
        'view',
        'images_to_bag',
        'demo',
    ):
        assert os.access(prefix / 'lib' / 'vprtempo_ros' / name, os.X_OK), name
    # The installed executable runs from the installed files, and finds its backends.
    done = subprocess.run(
        [
            sys.executable,
            prefix / 'lib/vprtempo_ros/trainer_node',
            '--ros-args',
            '-p',
            'bags:=/no/such/bag',
            '-p',
            f'map:={tmp_path}/map',
        ],
        env={**os.environ, 'PYTHONPATH': str(library)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert 'no such bag' in done.stderr
    # colcon finds the tests, and runs those that it is asked for.
    subprocess.run(
        [colcon, 'test', '--pytest-args', 'test/matching/test_match.py'],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        env={name: value for name, value in os.environ.items() if 'PYTEST' not in name},
    )
    result = ElementTree.parse(tmp_path / 'build' / 'vprtempo_ros' / 'pytest.xml').getroot()
    suite = result if result.tag == 'testsuite' else result[0]
    assert int(suite.get('tests', 0)) > 1
    assert (suite.get('failures'), suite.get('errors')) == ('0', '0')
