"""The lanes of the tests: what is marked, and what the marks hold back; see support/lanes.py."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from ctypes.util import find_library
from pathlib import Path

import pytest
from support import ROOT, TEST, lanes


def test_a_process_needs_the_mark() -> None:
    """In a test without the mark no process starts, however it is started; libraries are found."""
    starts: list[Callable[[], object]] = [
        lambda: subprocess.run(['true'], check=False),
        lambda: subprocess.Popen('true', shell=True),
        lambda: os.fork(),
    ]
    for start in starts:
        with (
            lanes.no_processes(),
            pytest.raises(AssertionError, match='mark it with @pytest.mark.process'),
        ):
            start()
    with lanes.no_processes():
        assert find_library('c')
    assert subprocess.run(['true'], check=False).returncode == 0


@pytest.mark.parametrize(
    ('line', 'ros'),
    [
        ('import rclpy', True),
        ('    from rclpy.node import Node', True),
        ('from support import ROOT, ros', True),
        ('from support import (\n    ROOT,\n    ros,\n)', True),
        ('from support.teaching import taught', True),
        ("    rclpy = pytest.importorskip('rclpy')", True),
        ('from support import ROOT, helpers', False),
        ('from support.rosy import ros', False),
        ('# import rclpy', False),
    ],
)
def test_what_talks_to_ros_is_found(line: str, ros: bool, tmp_path: Path) -> None:
    """A file belongs to the lane of ROS by what it imports."""
    file = tmp_path / 'test_one.py'
    file.write_text(f'"""A test."""\n{line}\n')
    assert lanes.uses_ros(file) is ros


def test_the_lanes_have_tests() -> None:
    """Nodes are tested over DDS, and most files without."""
    files = list(TEST.rglob('test_*.py'))
    with_ros = [file for file in files if lanes.uses_ros(file)]
    assert 20 < len(with_ros) < len(files) / 2
    assert TEST / 'nodes' / 'vpr' / 'test_vpr_node.py' in with_ros


@pytest.mark.process
def test_the_lane_without_ros_is_collected_without_rclpy(tmp_path: Path) -> None:
    """`make test-fast` imports rclpy neither for its tests nor to find them."""
    (tmp_path / 'plugin.py').write_text(
        'import sys\n'
        'def pytest_sessionfinish():\n'
        '    assert "rclpy" not in sys.modules\n'
        '    try:\n'
        '        import rclpy\n'
        '    except ModuleNotFoundError as error:\n'
        '        assert "lanes.py" in str(error)\n'
        '    else:\n'
        '        raise AssertionError\n'
    )
    done = subprocess.run(
        [
            *(sys.executable, '-m', 'pytest', '-q', '--collect-only', '-p', 'plugin'),
            *('-p', 'no:cacheprovider', '-m', 'not ros and not process and not long'),
        ],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert 'test_matcher.py' in done.stdout
    assert 'nodes/vpr/test_vpr_node.py' not in done.stdout


def test_names_of_test_files_are_unique() -> None:
    """Pytest imports them by their names alone, and collects the first of two only."""
    names = Counter(file.name for file in TEST.rglob('test_*.py'))
    assert not [name for name, count in names.items() if count > 1]
