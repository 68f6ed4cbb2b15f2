"""Mistakes before a node exists: one line, for every program."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from support import ros

from vprtempo_ros.sources.bag_writer import BagWriter
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.image_bag import image_message


@pytest.mark.parametrize('name', ['vpr_node', 'trainer_node', 'show_matches', 'view'])
def test_arguments_of_a_process(tmp_path: Path, name: str) -> None:
    """One that ROS does not understand is a line, and status 1."""
    with ros.node(tmp_path, name, '--ros-args', '-p', 'nonsense', fresh=True) as node:
        assert node.process.wait(ros.PATIENCE) == 1
        check_refusal(node.output(), 'nonsense')


def check_refusal(output: str, given: str) -> None:
    """Check that the output is one line with what was given."""
    assert 'Traceback' not in output
    own = [line for line in output.splitlines() if '[rcl]' not in line]
    assert len(own) == 1
    assert own[0].startswith('error: ')
    assert given in own[0]


@pytest.mark.parametrize('name', ['vpr_node', 'trainer_node', 'show_matches', 'view'])
@pytest.mark.parametrize(
    'arguments',
    [('--params-file', '/no/such/file.yaml'), ('-r', '__node:=bad-name'), ('--log-level', 'loud')],
)
def test_arguments_that_ros_does_not_understand(
    capfd: pytest.CaptureFixture[str], name: str, arguments: tuple[str, str]
) -> None:
    """The line has what was given, and status 1 follows."""
    ended = ros.refused(capfd, name, '--ros-args', *arguments)
    assert ended.status == 1
    check_refusal(ended.output, arguments[1])


def test_parameters_without_ros_args(capfd: pytest.CaptureFixture[str]) -> None:
    """Arguments that ROS does not read are named, for a node that has none of its own."""
    ended = ros.refused(capfd, 'trainer_node', '-p', 'places.by=metres')
    assert ended.status == 1
    assert 'warning: -p places.by=metres: ignored' in ended.output
    assert 'behind --ros-args' in ended.output


@pytest.mark.parametrize('name', ['map', 'bags'])
def test_names_that_yaml_takes_for_numbers(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    """A folder called 20261122 is a number to YAML: the line says how to write it."""
    file = tmp_path / 'parameters.yaml'
    file.write_text(yaml.safe_dump({'/**': {'ros__parameters': {name: 20261122}}}))
    ended = ros.refused(capfd, 'trainer_node', '--ros-args', '--params-file', str(file))
    assert ended.status == 1
    assert f'{name}: expected ' in ended.output
    assert './20261122' in ended.output


def test_a_record_that_cannot_be_written(capfd: pytest.CaptureFixture[str]) -> None:
    """A full disk is reported at the start, not at the first match."""
    ended = ros.refused(capfd, 'show_matches', '--record', '/dev/full')
    assert ended.status == 1
    assert '/dev/full: cannot be written (No space left' in ended.output


@pytest.mark.parametrize('name', ['view.jpg', 'nothing/view.svg'])
def test_a_picture_that_cannot_be_made(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    """Reported at the start: at the end there would be nothing left to draw."""
    ended = ros.refused(capfd, 'view', '--port', '0', '--picture', str(tmp_path / name))
    assert ended.status == 1
    assert str(tmp_path / name) in ended.output
    assert 'http://' not in ended.output


def test_a_bag_with_a_topic_that_ros_does_not_allow(tmp_path: Path) -> None:
    """Names from other recorders are left out: the other topics are played."""
    image = image_message(1, np.zeros((4, 4), 'uint8'), 'mono8', 'camera')
    with BagWriter(tmp_path / 'bag') as bag:
        bag.write('bad name', IMAGE, 1, image)
        bag.write('/good', IMAGE, 1, image)
    with ros.node(tmp_path, 'replay', str(tmp_path / 'bag'), '--wait', '0') as replay:
        assert replay.process.wait(ros.PATIENCE) == 0
        assert 'bad name: left out:' in replay.output()
        assert '1 messages published' in replay.output()


def test_opencv_of_vpr_node_has_one_thread(capfd: pytest.CaptureFixture[str]) -> None:
    """More would wait for each frame by spinning."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    try:
        ros.refused(capfd, 'vpr_node', '--ros-args', '-p', 'nonsense')
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)
