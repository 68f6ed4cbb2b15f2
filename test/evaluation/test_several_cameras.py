"""A map of several cameras is evaluated by all of them together, and by each alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import in_process
from support.helpers import START, images, picture, tiny_config, write_bag, write_pictures

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import save
from vprtempo_ros.options import from_flat, to_flat

FRAMES = 24
THIRD = FRAMES // 3
LATE = 200_000_000


def front(number: int) -> Any:
    return picture(number)


def rear(number: int) -> Any:
    return picture(1000 + number)


def covered(number: int) -> Any:
    return picture(5000 + number)


def recorded(path: Path, query: bool) -> Path:
    """
    Write a bag of both cameras, the rear one 0.2 s later.

    In a query the front one is covered in the first third, the rear one in the last; the rear one
    lacks a frame, and its topic has another name.
    """
    fronts = [covered(n) if query and n < THIRD else front(n) for n in range(FRAMES)]
    rears = [covered(n) if query and n >= FRAMES - THIRD else rear(n) for n in range(FRAMES)]
    topic = '/back/image_raw' if query else '/rear/image_raw'
    behind = images(iter(rears), topic=topic, start_ns=START + LATE)
    records = [
        *images(iter(fronts), topic='/front/image_raw'),
        *(each for number, each in enumerate(behind) if not query or number != THIRD + 1),
    ]
    return write_bag(path, sorted(records, key=lambda each: each.stamp_ns))


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of both cameras."""
    folder = tmp_path_factory.mktemp('cameras')
    settings = to_flat(tiny_config(recorded(folder / 'bag', query=False)))
    settings.update({'cameras.names': ['front', 'rear'], 'places.by': 'frames'})
    save(build_map(from_flat(TrainerConfig, settings)), folder / 'map')
    return folder / 'map'


def evaluated(*arguments: object) -> tuple[str, dict[str, Any]]:
    """Run evaluate with --out as its last argument; return what it says, and results.json."""
    done = in_process('evaluate', *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    results: dict[str, Any] = json.loads((Path(str(arguments[-1])) / 'results.json').read_text())
    return done.stdout, results


@pytest.mark.long
def test_the_joint_answer_is_reported_beside_each_camera_alone(built: Path, tmp_path: Path) -> None:
    """Each is covered for a while, so that neither alone recognises all."""
    query = recorded(tmp_path / 'query', query=True)
    words = ['--tolerance', '0', '--topic', 'rear=/back/image_raw', '--out', tmp_path / 'out']
    said, results = evaluated(built, query, *words)
    recall = {each['name']: each['recall']['1'] for each in results['methods']}
    first, *_ = results['methods']
    assert first['name'] == 'network + bayes'
    alone = [recall[f'network, {name} alone + bayes'] for name in ('front', 'rear')]
    assert recall['network + bayes'] >= 0.95 > max(alone)
    # A frame without one of the rear camera is matched by the front one.
    assert 'camera rear has no frame for 1 of 24 of the query' in results['notes']
    assert 'network, rear alone + bayes' in said
    assert 'the cameras front, rear together; templates' in said


@pytest.mark.long
def test_folders_of_images_and_negatives(built: Path, tmp_path: Path) -> None:
    """A folder for each camera, as in training."""
    files = [f'{number:02d}.png' for number in range(FRAMES)]
    for name, start in (('front', 0), ('rear', 1000)):
        write_pictures(tmp_path / 'query' / name, files, start)
        write_pictures(tmp_path / 'other' / name, files[:5], 5000)
    words = ['--tolerance', '0', '--negatives', tmp_path / 'other', '--out', tmp_path / 'out']
    _, results = evaluated(built, tmp_path / 'query', *words)
    assert results['methods'][0]['recall']['1'] == 1.0
    assert results['negatives']['frames'] == 5
    assert np.isfinite(results['methods'][0]['negatives']['configured'])


@pytest.mark.parametrize(
    ('topics', 'reason'),
    [
        (['/front/image_raw'], 'expected CAMERA=TOPIC with one of the cameras front, rear'),
        (['left=/front/image_raw'], 'found left=/front/image_raw'),
        ([], '/rear/image_raw'),
    ],
)
def test_topics_that_are_not_those_of_the_cameras(
    built: Path, tmp_path: Path, topics: list[str], reason: str
) -> None:
    """One line: without --topic those of the training are expected, and the rear one is missing."""
    query = recorded(tmp_path / 'query', query=True)
    words = [word for topic in topics for word in ('--topic', topic)]
    done = in_process('evaluate', built, query, '--tolerance', '0', *words)
    assert done.returncode == 1
    line = done.stderr.strip().split('\n')[-1].split('\r')[-1].strip()
    assert line.startswith('error: ') and reason in line
