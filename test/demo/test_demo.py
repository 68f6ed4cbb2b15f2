"""The complete workflow from recording to recall, as a user runs it."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import yaml

pytest.importorskip('rclpy', reason='needs ROS 2: make setup')

from support import PATIENCE, forking  # noqa: E402


def started(timeout: float, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo; return how it ended."""
    words = [sys.executable, '-m', 'vprtempo_ros.demo', *arguments]
    return forking.run(words, timeout, dict(os.environ))


def demo(folder: Path, *arguments: str) -> str:
    """Run the demo; return what it printed."""
    done = started(5 * PATIENCE, '--out', str(folder), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def figure(output: str, name: str) -> float:
    """Return a number of the summary."""
    found = re.search(rf'^ *{re.escape(name)}.*?  +([\d.]+)', output, re.MULTILINE)
    assert found, output
    return float(found[1])


def recall(output: str, at: int) -> float:
    """Return the recall of the summary over the matched frames: a busy machine drops the others."""
    frames, lost = figure(output, 'query frames'), figure(output, 'frames lost')
    assert lost < frames
    return figure(output, f'recall@{at}') * frames / (frames - lost)


def offline_recall(folder: Path, at: int) -> float:
    """Return the recall of all frames without DDS, of the default filter."""
    results = json.loads((folder / 'evaluation' / 'results.json').read_text())
    offline = results['methods'][1]
    assert offline['name'] == 'network + bayes'
    return float(offline['recall'][str(at)])


def matched(folder: Path) -> list[dict[str, str]]:
    """Return the matches that were received and are of a place; there are some."""
    with (folder / 'evaluation' / 'predictions.csv').open(newline='') as stream:
        found = [row for row in csv.DictReader(stream) if row['place']]
    assert found
    return found


@pytest.mark.long
def test_rendered_route(tmp_path: Path) -> None:
    """A rendered route is recognised, every frame has a result, the report is written."""
    output = demo(tmp_path / 'demo', '--length', '30')
    assert figure(output, 'query frames') == 30
    # A busy machine drops frames, and after many that follow each other a place may be unknown.
    assert offline_recall(tmp_path / 'demo', 1) > 0.9
    found = matched(tmp_path / 'demo')
    assert sum(row['correct'] == '1' for row in found) > 0.9 * len(found)
    if not figure(output, 'frames lost'):
        assert recall(output, 1) > 0.7
        assert len(found) > 20
    assert recall(output, 5) >= recall(output, 1)
    matches = re.findall(r'^[\d.]+  (?:place +\d+  confidence|unknown place)', output, re.MULTILINE)
    assert len(matches) == 30 - figure(output, 'frames lost')
    assert sum('confidence' in line for line in matches) == len(found)
    folder = tmp_path / 'demo' / 'evaluation'
    picture = cv2.imread(str(folder / 'similarity.png'))
    assert picture is not None
    assert min(picture.shape[:2]) > 500
    # The report is about the matches that were received, not about those computed for it.
    results = json.loads((folder / 'results.json').read_text())
    arrived, offline = results['methods'][:2]
    assert (arrived['name'], offline['name'][:7]) == ('network, over DDS', 'network')
    assert arrived['recall']['1'] == pytest.approx(figure(output, 'recall@1'), abs=5e-4)
    assert arrived['recall']['25'] is None
    assert arrived['ms'] > offline['ms'] > 0
    assert f'report    {folder}/report.html' in output
    # The last state of the live page, rendered without a browser.
    assert re.search(r'^Live in a browser: http://127\.0\.0\.1:\d+$', output, re.MULTILINE)
    shown = cv2.imread(str(tmp_path / 'demo' / 'view.png'))
    assert shown is not None
    assert shown.shape[1] == 1920
    # The query's colours are among those of the drawings.
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 2000
    assert f'picture   {tmp_path}/demo/view.png' in output


@pytest.mark.long
def test_rendered_route_seen_by_an_event_camera(tmp_path: Path) -> None:
    """
    The same with events: every window of 0.1 s has a result, most of them correct.

    A busy machine drops packets, so that the windows that they belong to show too little of a place
    to be recognised.
    """
    pytest.importorskip('event_camera_msgs', reason='needs event_camera_msgs: make setup')
    output = demo(tmp_path / 'demo', '--length', '20', '--input', 'events')
    # Half a metre each; windows that begin before the first or end after the last event are not.
    assert 35 <= figure(output, 'query frames') <= 40
    assert offline_recall(tmp_path / 'demo', 1) > 0.5
    assert offline_recall(tmp_path / 'demo', 5) > 0.8
    found = matched(tmp_path / 'demo')
    assert sum(row['correct'] == '1' for row in found) > len(found) / 2
    sensor = yaml.safe_load((tmp_path / 'demo' / 'map' / 'map.yaml').read_text())['sensor']
    assert sensor == {'type': 'events', 'width': 320, 'height': 240}


@pytest.mark.long
def test_nordland_over_dds(shared_data, tmp_path: Path) -> None:
    """On 500 places of Nordland, summer to winter, upstream's recall is reached over DDS."""
    output = demo(tmp_path, '--data', str(shared_data('nordland_64x32')), '--rate', '40')
    assert figure(output, 'places in the map') == 500
    assert recall(output, 1) >= 0.9


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--data', '/no/such/folder'], 'no such folder'),
        (['--data', '.', '--reference', 'spring'], 'expected two subfolders of images'),
        (['--rate', '-5'], 'RATE: expected'),
        (['--length', '5'], 'LENGTH: expected a number from 20 to 500'),
        (['--places', '1'], 'PLACES: expected'),
        (['--input', 'events', '--data', '.'], 'leave out DATA'),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    """Unusable data ends the demo with one line."""
    monkeypatch.chdir(tmp_path)
    done = started(PATIENCE, '--out', str(tmp_path / 'out'), *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert 'Traceback' not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def images(folder: Path, count: int, blank: int) -> None:
    """Write numbered pictures, one of them black."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = rng.integers(0, 256, (32, 48)).astype(np.uint8)
        assert cv2.imwrite(str(folder / f'{number:03d}.png'), picture * (number != blank))


def test_users_folders_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OUT that holds a folder named like the demo's bags is refused, and stays as it is."""
    images(tmp_path / 'mine' / 'reference', 3, -1)
    images(tmp_path / 'mine' / 'query', 3, -1)
    monkeypatch.chdir(tmp_path)
    done = started(PATIENCE, '--data', 'mine', '--out', 'mine')
    assert done.returncode == 1
    assert 'not a bag of the demo' in done.stderr
    assert len(list((tmp_path / 'mine').rglob('*.png'))) == 6


@pytest.mark.long
def test_blank_images_do_not_shift_the_truth(tmp_path: Path) -> None:
    """A name whose image has no contrast is left out on both sides."""
    images(tmp_path / 'data' / 'a', 12, blank=3)
    images(tmp_path / 'data' / 'b', 12, blank=7)
    output = demo(tmp_path / 'out', '--data', str(tmp_path / 'data'))
    assert '2 names left out' in output
    assert figure(output, 'places in the map') == 10
    # A busy machine drops frames over DDS, after which a place may be unknown; offline none.
    assert offline_recall(tmp_path / 'out', 1) == 1
    assert {row['correct'] for row in matched(tmp_path / 'out')} == {'1'}


@pytest.mark.long
def test_the_end_of_the_demo_ends_its_nodes(tmp_path: Path) -> None:
    """SIGTERM while nodes run, and even SIGKILL, leave no process behind."""
    for name in ('a', 'b'):
        images(tmp_path / 'data' / name, 12, -1)
    given = ['--out', str(tmp_path / 'out'), '--data', str(tmp_path / 'data'), '--rate', '1']
    for number in (signal.SIGTERM, signal.SIGKILL):
        words = [sys.executable, '-m', 'vprtempo_ros.demo', *given]
        with forking.printing(words, dict(os.environ)) as (process, printed):
            next(line for line in printed if ' confidence ' in line)
            children = psutil.Process(process.pid).children(recursive=True)
            assert len(children) >= 3
            process.send_signal(number)
            process.wait(PATIENCE)
            _, alive = psutil.wait_procs(children, timeout=PATIENCE)
            assert not alive
