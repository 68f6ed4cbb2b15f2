"""The main job from recording to recall, as a user runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: make setup')


def demo(folder: Path, *arguments: str) -> str:
    """Run the demo; return what it printed."""
    done = subprocess.run(
        [sys.executable, '-m', 'vprtempo_ros.demo', '--out', str(folder), *arguments],
        capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def figure(output: str, name: str) -> float:
    """Return a number of the summary."""
    found = re.search(rf'^ *{re.escape(name)}.*?  +([\d.]+)', output, re.MULTILINE)
    assert found, output
    return float(found[1])


@pytest.mark.long
def test_rendered_route(tmp_path: Path) -> None:
    """A rendered route is recognised, every frame answered, the picture drawn."""
    output = demo(tmp_path / 'demo', '--length', '60')
    assert figure(output, 'query frames') == 60
    assert figure(output, 'recall@1') > 0.7
    assert figure(output, 'recall@5') >= figure(output, 'recall@1')
    assert figure(output, 'frames lost') == 0
    assert len(re.findall(r'place +\d+  confidence', output)) == 60
    picture = cv2.imread(str(tmp_path / 'demo' / 'similarity.png'))
    assert picture is not None
    assert min(picture.shape[:2]) > 500


@pytest.mark.long
def test_nordland_over_dds(shared_data, tmp_path: Path) -> None:
    """On 500 places of Nordland, summer to winter, upstream's recall is reached over DDS."""
    output = demo(tmp_path, '--data', str(shared_data('nordland_64x32')))
    assert figure(output, 'places in the map') == 500
    assert figure(output, 'recall@1') >= 0.37
    assert figure(output, 'frames lost') <= 5


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--data', '/no/such/folder'], 'no such folder'),
    (['--data', '.', '--reference', 'spring'], 'expected two subfolders of images'),
])
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    """Data that cannot be used is told in one line."""
    done = subprocess.run(
        [sys.executable, '-m', 'vprtempo_ros.demo', '--out', str(tmp_path / 'out'), *arguments],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=None)
    assert done.returncode == 1
    assert words in done.stderr
    assert 'Traceback' not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
