"""Mistakes before a node exists: one line, for every program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from support import ros

from vprtempo_ros.sources.bag_writer import BagWriter
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.image_bag import image_message


@pytest.mark.parametrize('name', ['vpr_node', 'trainer_node', 'show_matches', 'view'])
@pytest.mark.parametrize(
    'arguments',
    [
        ('--params-file', '/no/such/file.yaml'),
        ('-p', 'nonsense'),
        ('-r', '__node:=bad-name'),
        ('--log-level', 'loud'),
    ],
)
def test_arguments_that_ros_does_not_understand(
    tmp_path: Path, name: str, arguments: tuple[str, str]
) -> None:
    """The line has what was given, and status 1 follows."""
    with ros.node(tmp_path, name, '--ros-args', *arguments) as node:
        assert node.process.wait(ros.PATIENCE) == 1
        assert 'Traceback' not in node.output()
        own = [line for line in node.output().splitlines() if '[rcl]' not in line]
        assert len(own) == 1
        assert own[0].startswith('error: ')
        assert arguments[1] in own[0]


def test_parameters_without_ros_args(tmp_path: Path) -> None:
    """Arguments that ROS does not read are named, for a node that has none of its own."""
    with ros.node(tmp_path, 'trainer_node', '-p', 'places.by=metres') as trainer:
        assert trainer.process.wait(ros.PATIENCE) == 1
        assert 'warning: -p places.by=metres: ignored' in trainer.output()
        assert 'behind --ros-args' in trainer.output()


@pytest.mark.parametrize('name', ['map', 'bags'])
def test_names_that_yaml_takes_for_numbers(tmp_path: Path, name: str) -> None:
    """A folder called 20261122 is a number to YAML: the line says how to write it."""
    file = tmp_path / 'parameters.yaml'
    file.write_text(yaml.safe_dump({'/**': {'ros__parameters': {name: 20261122}}}))
    with ros.node(tmp_path, 'trainer_node', '--ros-args', '--params-file', str(file)) as trainer:
        assert trainer.process.wait(ros.PATIENCE) == 1
        assert f'{name}: expected ' in trainer.output()
        assert './20261122' in trainer.output()


def test_a_record_that_cannot_be_written(tmp_path: Path) -> None:
    """A full disk is reported at the start, not at the first match."""
    with ros.node(tmp_path, 'show_matches', '--record', '/dev/full') as shown:
        assert shown.process.wait(ros.PATIENCE) == 1
        assert '/dev/full: cannot be written (No space left' in shown.output()
        assert 'Traceback' not in shown.output()


@pytest.mark.parametrize('name', ['view.jpg', 'nothing/view.svg'])
def test_a_picture_that_cannot_be_made(tmp_path: Path, name: str) -> None:
    """Reported at the start: at the end there would be nothing left to draw."""
    with ros.node(tmp_path, 'view', '--port', '0', '--picture', str(tmp_path / name)) as view:
        assert view.process.wait(ros.PATIENCE) == 1
        assert str(tmp_path / name) in view.output()
        assert 'http://' not in view.output()


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
