"""The launch files with the real `ros2 launch`, if it is installed: what starts, what is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from support import ROOT
from support.installed import install, register, script
from support.ros import PATIENCE, Process

pytest.importorskip('ros2launch', reason='needs the real ros2 launch: apt, or from source')

FILES = sorted(path.name for path in (ROOT / 'launch').glob('*.launch.py'))
_ROS2 = 'import sys; from ros2cli.cli import main; sys.exit(main(argv=sys.argv[1:]))'
# `ros2 bag play` for a prefix without rosbag2: our replay, which has the options.
_PLAYER = """
import sys
from vprtempo_ros.nodes.start import replay
assert sys.argv[1:3] == ['bag', 'play'], sys.argv
sys.argv[1:3] = []
sys.exit(replay())
"""


@pytest.fixture(scope='module')
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('prefix')


@pytest.fixture(scope='module')
def environment(prefix: Path) -> dict[str, str]:
    register(prefix, 'ros2bag')
    script(prefix / 'bin' / 'ros2', _PLAYER)
    environment = install(prefix)
    environment['PATH'] = os.pathsep.join([str(prefix / 'bin'), environment['PATH']])
    environment['PYTHONUNBUFFERED'] = '1'
    return environment


@pytest.fixture
def launch(environment: dict[str, str], tmp_path: Path):
    """Return a function that launches a file; nothing may be left when its block ends."""

    @contextmanager
    def launching(file: str, *arguments: str) -> Iterator[Process]:
        log = tmp_path / f'launch-{len(list(tmp_path.iterdir()))}.log'
        words = [sys.executable, '-c', _ROS2, 'launch']
        words += [file] if Path(file).is_absolute() else ['vprtempo_ros', file]
        with log.open('w') as stream:
            process = subprocess.Popen(
                [*words, *arguments],
                env={**environment, 'ROS_LOG_DIR': str(tmp_path / 'log')},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        try:
            yield Process(process, log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(PATIENCE)
            left = in_session(process.pid)
            for one in left:
                one.kill()
            assert not left, f'left behind: {[one.cmdline() for one in left]}\n{log.read_text()}'

    return launching


def in_session(number: int) -> list[psutil.Process]:
    """Return the processes of a session."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == number and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@pytest.mark.parametrize('file', FILES)
def test_arguments_are_listed(file: str, environment: dict[str, str]) -> None:
    """`ros2 launch --show-args` has them all, with their descriptions."""
    done = subprocess.run(
        [sys.executable, '-c', _ROS2, 'launch', 'vprtempo_ros', file, '--show-args'],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "'params_file':" in done.stdout
    assert 'no description given' not in done.stdout


def test_cameras(street, launch, tmp_path: Path) -> None:
    """A node for all cameras starts, in a namespace, and ends with launch."""
    with launch('multi_camera.launch.py', f'map:={street.map}', 'namespace:=robot1') as started:
        started.wait_for(
            r'robot1\.vpr_node\]: listening on /robot1/front/image_raw and /robot1/rear/image_raw'
        )
        assert started.end() == 0
    assert 'rror' not in started.output()


@pytest.mark.parametrize(
    ('file', 'arguments', 'reason'),
    [
        ('vpr.launch.py', ['map:=m', 'params_file:=~/no.yaml'], 'expected an existing file'),
        ('vpr.launch.py', ['map:=m', 'rviz:=true'], 'expected the package rviz2'),
        ('vpr.launch.py', ['map:=m', 'parms:=x'], 'has no such argument'),
        ('vpr.launch.py', ['map:=m', 'namespace:=a-b'], 'expected a namespace'),
        ('events.launch.py', ['map:=m', 'image:=x'], 'has no such argument'),
        ('replay.launch.py', ['map:=m', 'bag:=~/no'], 'expected an existing file or folder'),
        ('multi_camera.launch.py', ['map:=m', 'cameras:=a b-c'], 'expected different names'),
        ('train.launch.py', ['map:=m', 'bags:=~/no'], 'expected an existing file or folder'),
        ('teach.launch.py', ['map:=m', 'spacing:=far'], 'expected a number'),
        ('teach.launch.py', ['map:=m', 'by:=miles'], 'is not valid'),
    ],
)
def test_what_cannot_start(file: str, arguments: list[str], reason: str, launch) -> None:
    """One line with the reason, exit status 1, and no process."""
    if 'rviz:=true' in arguments and any(
        Path(path, 'lib', 'rviz2').is_dir()
        for path in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    ):
        pytest.skip('rviz2 is installed')
    with launch(file, *arguments) as started:
        assert started.process.wait(PATIENCE) == 1
    assert reason in started.output()
    assert 'process started' not in started.output()
    assert 'Traceback' not in started.output()


def test_training_says_whether_it_failed(street, launch, tmp_path: Path) -> None:
    """Status 0 with a map; status 1 where there is one already, and may not be replaced."""
    bag = tmp_path / 'a day'
    bag.symlink_to(street.recordings.reference)
    given = [f'bags:={bag}', f'map:={tmp_path / "map"}', 'by:=metres', 'spacing:=8']
    with launch('train.launch.py', *given) as first:
        assert first.process.wait(5 * PATIENCE) == 0, first.output()
    assert (tmp_path / 'map').is_dir()
    with launch('train.launch.py', *given) as second:
        assert second.process.wait(PATIENCE) == 1, second.output()
    assert 'trainer_node failed (exit status 1)' in second.output()


def test_a_node_that_fails_ends_the_others(street, launch) -> None:
    """A parameter that is not allowed ends vpr_node, and so the live page with it."""
    given = [f'map:={street.map}', 'view:=true', 'view_port:=0', 'params_file:=']
    bad = ROOT / 'config' / 'train.yaml'
    with launch('vpr.launch.py', *given[:-1], f'params_file:={bad}') as started:
        # Parameters of another node are left out with a warning: the node runs.
        started.wait_for('listening on')
        assert started.end() == 0
    with launch('vpr.launch.py', *given[:-1], 'image:=not a topic') as started:
        assert started.process.wait(PATIENCE) == 1, started.output()
    assert 'vpr_node failed' in started.output() or 'view failed' in started.output()


def test_replay(street, launch) -> None:
    """The bag is played when the node is active, and its end is the end of all."""
    given = [f'bag:={street.recordings.query}', f'map:={street.map}', 'rate:=4']
    with launch('replay.launch.py', *given) as started:
        assert started.process.wait(5 * PATIENCE) == 0, started.output()
    output = started.output()
    assert output.index('listening on') < output.index('] /vpr_node is active')
    assert output.index('] /vpr_node is active') < output.index('messages published')
    # A busy machine drops frames.
    assert re.search(r'show_matches-\d\] .*place', output)
    assert 'Traceback' not in output


def test_inside_another_launch_file(street, launch, tmp_path: Path) -> None:
    """Included twice it runs twice; where it cannot start, what the other file started ends."""
    outer = tmp_path / 'robot.launch.py'
    text = f"""
import sys
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration

def included(namespace):
    return IncludeLaunchDescription(
        {str(ROOT / 'launch' / 'vpr.launch.py')!r},
        launch_arguments={{
            'map': LaunchConfiguration('where'), 'namespace': namespace, 'rviz': 'false',
            'params_file': LaunchConfiguration('settings')}}.items())

def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument('where'), DeclareLaunchArgument('settings'),
        ExecuteProcess(cmd=[sys.executable, '-c', 'import time; time.sleep(600)']),
        included('one'), included('two')])
"""
    outer.write_text(text)
    settings = ROOT / 'config' / 'vpr.yaml'
    with launch(str(outer), f'where:={street.map}', f'settings:={settings}') as started:
        started.wait_for(r'one\.vpr_node\]: listening')
        started.wait_for(r'two\.vpr_node\]: listening')
    with launch(str(outer), f'where:={street.map}', 'settings:=/no/such') as started:
        assert started.process.wait(PATIENCE) == 1, started.output()
    assert 'expected an existing file' in started.output()
