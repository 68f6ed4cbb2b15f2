"""The command evaluate, as a user runs it on real recordings."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support import PATIENCE
from support.commands import as_process, in_process
from support.helpers import drive, picture, tiny_config, write_pictures
from support.street import Street

from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save

FILES = {
    'report.html',
    'results.json',
    'predictions.csv',
    'similarity.png',
    'precision_recall.png',
    'confidences.png',
    'reliability.png',
}


def done(*arguments: object, cwd: Path | None = None) -> str:
    """Run the command and return what it printed."""
    finished = in_process('evaluate', *arguments, cwd=cwd)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def refused(*arguments: object, cwd: Path | None = None) -> str:
    """Run the command and return its one-line error."""
    finished = in_process('evaluate', *arguments, cwd=cwd)
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert 'Traceback' not in finished.stderr
    # The bar writes over its own line.
    lines = [line.split('\r')[-1].strip() for line in finished.stderr.strip().split('\n')]
    errors = [line for line in lines if line.startswith('error: ')]
    assert lines[-1:] == errors
    return errors[0]


def results(folder: Path) -> dict[str, Any]:
    """Return results.json."""
    found: dict[str, Any] = json.loads((folder / 'results.json').read_text())
    return found


class Page(HTMLParser):
    """A page's elements: what it refers to, its images, table rows and text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.text = ''
        self.references: list[str] = []
        self.images: list[str] = []
        self.open: list[str] = []
        self.feed(file.read_text(encoding='utf-8'))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == 'img':
            self.images.append(named.get('src') or '')
            assert named.get('alt')
        self.references += [
            value or ''
            for name, value in attrs
            if name in ('src', 'href', 'data', 'srcset', 'action')
        ]
        assert tag not in ('script', 'link', 'iframe', 'object', 'base')
        if tag not in ('meta', 'img', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope='module')
def report(street: Street, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder of an evaluation of the street, with another route, and its output."""
    folder = tmp_path_factory.mktemp('report')
    other = drive(folder / 'other', range(12), range(12))
    finished = as_process(
        'evaluate',
        street.map,
        street.recordings.query,
        '--radius',
        '2',
        '--negatives',
        other,
        '--out',
        folder / 'out',
        '--set',
        'input.any_size=true',
        '--set',
        'match.min_confidence=0.3',
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder / 'out', finished.stdout


def test_everything_is_written(report: tuple[Path, str]) -> None:
    """The folder holds what it should, and nothing half-written."""
    folder, output = report
    assert {file.name for file in folder.iterdir()} == FILES
    assert f'report: {folder}/report.html' in output
    for file in folder.glob('*.png'):
        assert min(cv2.imread(str(file)).shape[:2]) > 400


def test_the_page_is_self_contained(report: tuple[Path, str]) -> None:
    """All pictures are inside; no script, no style sheet, no address."""
    page = Page(report[0] / 'report.html')
    assert not page.open
    assert all(reference.startswith('data:image/') for reference in page.references)
    text = (report[0] / 'report.html').read_text()
    assert not re.search(r'https?:|url\(|@import', text)
    # Four pictures, and at least a query and a place for each of several examples.
    assert len(page.images) >= 4 + 2 * 4
    for words in (
        'recall@1',
        'Methods on the same pixels',
        'expected calibration error',
        'best',
        'most confidently wrong',
        'Out-of-map queries',
        'similarity',
        'decode',
    ):
        assert words in page.text


def test_page_table_and_json_say_the_same(report: tuple[Path, str]) -> None:
    """One set of figures, in the terminal, the page and the file for programs."""
    folder, output = report
    found = results(folder)
    page = Page(folder / 'report.html').text
    assert (found['format'], found['version']) == ('vprtempo_ros evaluation', 2)
    names = [method['name'] for method in found['methods']]
    assert names == [
        f'{name}{sequence}'
        for name in (
            'network',
            'SAD',
            'SAD, normalised',
            'SAD, normalised over the query',
            'NCC',
            'NCC, normalised',
            'NCC, normalised over the query',
        )
        for sequence in (' + bayes', '')
    ]
    for method in found['methods']:
        line = next(
            line
            for line in output.splitlines()
            if re.match(rf'{re.escape(method["name"])}  +\d', line)
        )
        cells = line[len(max(names, key=len)) :].split()
        assert cells[:4] == [f'{method["recall"][n]:.3f}' for n in ('1', '5', '10', '25')]
        assert cells[4] == f'{method["area"]:.3f}'
        for cell in cells[:5]:
            assert cell in page
    assert found['truth'] == {
        'correct_when': 'within 2 m',
        'with_place': 40,
        'without_place': 0,
        'unknown': 0,
    }
    assert set(found['time_ms']) == {'decode', 'encode', 'similarity', 'matching'}
    assert found['settings']['match.min_confidence'] == 0.3
    assert found['negatives']['frames'] == 12


def test_what_a_robot_experiences_is_said_everywhere(report: tuple[Path, str]) -> None:
    """The longest run without a match, its duration and distance; the places are distinct."""
    folder, output = report
    found = results(folder)
    longest = found['availability']['longest_without_match']
    frames, seconds, metres = longest['frames'], longest['seconds'], longest['metres']
    text = f'{frames} frame{"" if frames == 1 else "s"}, {seconds:.1f} s, {metres:.1f} m'
    assert f'longest run without match   {text}' in output
    assert f'without a match: {text}' in Page(folder / 'report.html').text
    assert found['availability']['relocalised'] == []
    assert 'found again' not in output
    assert found['distinctness']['recognised'] > 0.9
    assert 'hardly distinguishes' not in output


def test_predictions_are_those_of_the_figures(report: tuple[Path, str]) -> None:
    """Recall and calibration computed again from answers.csv are those in results.json."""
    with (report[0] / 'predictions.csv').open(newline='') as stream:
        rows = list(csv.DictReader(stream))
    found = results(report[0])
    correct = np.array([int(row['correct']) for row in rows])
    confidence = np.array([float(row['confidence']) for row in rows])
    assert found['methods'][0]['recall']['1'] == pytest.approx(correct.mean())
    assert found['methods'][0]['recall']['5'] == pytest.approx(
        np.mean([int(row['rank']) <= 5 for row in rows])
    )
    error = sum(
        abs((confidence - correct)[inside].sum())
        for inside in (np.ceil(confidence * 10).clip(1) == number for number in range(1, 11))
    ) / len(rows)
    assert found['confidence']['expected_calibration_error'] == pytest.approx(error, abs=1e-5)
    point = found['confidence']['at_min_confidence']
    assert point['answered'] == pytest.approx((confidence >= 0.3).mean())
    assert point['precision'] == pytest.approx(correct[confidence >= 0.3].mean())


def test_a_browser_shows_it(report: tuple[Path, str], tmp_path: Path) -> None:
    """A real browser draws the page, with no network."""
    browser = shutil.which('chromium') or shutil.which('google-chrome')
    if browser is None:
        pytest.skip('needs chromium')
    shot = tmp_path / 'shot.png'
    subprocess.run(
        [
            browser,
            '--headless',
            '--no-sandbox',
            '--disable-gpu',
            '--hide-scrollbars',
            '--proxy-server=127.0.0.1:9',
            f'--user-data-dir={tmp_path / "profile"}',
            '--window-size=1000,2400',
            f'--screenshot={shot}',
            f'file://{report[0]}/report.html',
        ],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    image = cv2.imread(str(shot))
    assert image is not None
    # Text above, and the coloured curves below it.
    assert (image[:400].min(axis=2) < 80).sum() > 500
    spread = image.max(axis=2).astype(int) - image.min(axis=2)
    assert (spread[400:] > 100).sum() > 500


def confidence(folder: Path) -> float:
    """Return the mean confidence of all frames of an evaluation."""
    with (folder / 'predictions.csv').open(newline='') as stream:
        return float(np.mean([float(row['confidence']) for row in csv.DictReader(stream)]))


def test_what_confidence_promises_is_the_default(street: Street, tmp_path: Path) -> None:
    """Without a kind of ground truth, a place next to the nearest one is correct."""
    out = tmp_path / 'out'
    output = done(street.map, street.recordings.query, '--out', out)
    assert 'within 1 place (nearest by pose)' in output
    found = results(out)
    assert found['truth']['correct_when'] == 'within 1 place (nearest by pose)'
    assert found['truth']['with_place'] == 40
    # In this street odometry begins at the same spot; in others it may not.
    assert 'it is right only if map and query began at the same spot' in found['notes'][-1]
    assert found['methods'][0]['recall']['1'] > 0.9
    # Within another radius, matches are correct less or more often, and confidence says so.
    confidences = [confidence(out)]
    for radius in ('1', '2', '5'):
        done(street.map, street.recordings.query, '--out', out, '--radius', radius)
        confidences.append(confidence(out))
    promised, *others = confidences
    assert others[0] < others[1] < promised < others[2]
    assert others[0] < 0.6 * promised


def test_an_evaluation_may_be_repeated(street: Street, tmp_path: Path) -> None:
    """The folder of an earlier one is overwritten; other files in it stay."""
    out = tmp_path / 'out'
    words = (street.map, street.recordings.query, '--radius', '2', '--out', out)
    done(*words, '--count', '10')
    (out / 'notes.txt').write_text('mine')
    done(*words, '--count', '20', '--set', 'match.sequence.filter=seqslam')
    assert results(out)['query']['frames'] == 20
    assert results(out)['methods'][0]['name'] == 'network + seqslam'
    assert (out / 'notes.txt').read_text() == 'mine'


@pytest.mark.parametrize('name', ['report.html', 'results.json'])
def test_foreign_files_are_not_touched(street: Street, tmp_path: Path, name: str) -> None:
    """A folder with files of these names that no evaluation wrote is refused at once."""
    (tmp_path / name).write_text('{"format": "mine"}')
    line = refused(street.map, street.recordings.query, '--radius', '2', '--out', tmp_path)
    assert f'{name} in it is something else' in line
    assert (tmp_path / name).read_text() == '{"format": "mine"}'
    assert os.listdir(tmp_path) == [name]


def test_folders_of_images_by_name(tmp_path: Path) -> None:
    """A map and a query of folders; by default the report goes to a folder of both their names."""
    reference = write_pictures(tmp_path / 'summer', [f'{n}.png' for n in range(12)])
    built = build_map(tiny_config(reference))
    save(built, tmp_path / 'route')
    winter = write_pictures(tmp_path / 'winter', [f'{n}.png' for n in range(2, 12)], start=2)
    write_pictures(winter, ['unknown.png'], start=90)
    output = done('route', 'winter', '--tolerance', '0', cwd=tmp_path)
    found = results(tmp_path / 'evaluation-route-winter')
    assert found['truth'] == {
        'correct_when': 'at the exact place (equal file names)',
        'with_place': 10,
        'without_place': 1,
        'unknown': 0,
    }
    done('route', 'winter', '--out', 'default', cwd=tmp_path)
    truth = results(tmp_path / 'default')['truth']
    assert truth['correct_when'] == 'within 1 place (equal file names)'
    # Equal pictures are found by any template.
    (sad,) = (method for method in found['methods'] if method['name'] == 'SAD')
    assert sad['recall']['1'] == 1.0
    assert sad['recall_at_precision']['1'] == 1.0
    assert found['confidence']['at_min_confidence']['precision'] >= 10 / 11
    assert '11 query frames, 10 with a true place' in output


def test_truth_of_a_file(street: Street, tmp_path: Path) -> None:
    """A CSV file gives the truth; queries with unknown truth are excluded."""
    stamps = [frame.stamp_ns for frame in street.frames('query')]
    last = len(load(street.map).places) - 1
    lines = [
        'stamp_ns,first_place,last_place',
        f'{stamps[0]},-2,-2',
        f'{stamps[1]},-1,-1',
        *(f'{stamp},0,{last}' for stamp in stamps[2:]),
    ]
    file = tmp_path / 'truth.csv'
    file.write_text('\n'.join(lines))
    output = done(street.map, street.recordings.query, '--truth', file, '--out', tmp_path / 'out')
    found = results(tmp_path / 'out')
    assert found['truth'] == {
        'correct_when': f'as in {file}',
        'with_place': len(stamps) - 2,
        'without_place': 1,
        'unknown': 1,
    }
    assert all(method['recall']['1'] == 1.0 for method in found['methods'])
    assert 'note: 1 of 40 query frames have no known truth' in output
    file.write_text('\n'.join(lines[:-1]))
    assert 'expected a line for each' in refused(
        street.map, street.recordings.query, '--truth', file, '--out', tmp_path / 'out'
    )


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--radius', '2', '--tolerance', '1'], 'found --radius and --tolerance'),
        (['--tolerance', '1', '--heading', '10'], '--heading goes with --radius only'),
        (['--tolerance', '1', '--poses-file', 'a'], '--poses-file goes with --radius, or'),
        (['--radius', 'nan'], '--radius: expected a number from 0'),
        (['--tolerance', '-1'], '--tolerance: expected a number from 0'),
        (['--tolerance', '1'], 'its places are 2 metres apart'),
        (
            ['--radius', '2', '--set', 'match.sequence.filter=magic'],
            'expected one of none, seqslam',
        ),
        (['--radius', '2', '--set', 'match.wisdom=1'], 'is not a parameter of matching or backend'),
        (['--radius', '2', '--set', 'match.top_k'], 'expected NAME=VALUE'),
        (['--radius', '2', '--set', 'match.top_k=[1'], 'expected a value'),
        (['--radius', '2', '--set', 'backend.name=abacus'], "unknown backend 'abacus'"),
        (['--radius', '2', '--poses', '/gps'], '/gps'),
        (['--radius', '2', '--topic', '/rear'], '/rear'),
        (['--radius', '2', '--negatives', 'nothing'], 'nothing: no such bag or folder'),
        (['--truth', 'no.csv'], 'no.csv: cannot be read (No such file'),
        (['--radius', '2', '--start', '1000'], 'expected query frames, found none'),
    ],
)
def test_mistakes_are_one_line(
    street: Street, tmp_path: Path, arguments: list[str], words: str
) -> None:
    """Each mistake gives one line, and no file is written."""
    assert words in refused(street.map, street.recordings.query, *arguments, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_old_name_of_an_option(street: Street, tmp_path: Path) -> None:
    """--elsewhere is refused with its new name."""
    finished = in_process(
        'evaluate',
        street.map,
        street.recordings.query,
        '--radius',
        '2',
        '--elsewhere',
        street.recordings.query,
        cwd=tmp_path,
    )
    assert finished.returncode == 2
    assert finished.stderr == 'error: --elsewhere is called --negatives now\n'
    assert not list(tmp_path.iterdir())


def test_wrong_maps_and_queries(street: Street, tmp_path: Path) -> None:
    """No map, no query, images of another camera, and no file to write to."""
    query = street.recordings.query
    assert 'no.map' in refused('no.map', query, '--radius', '2', cwd=tmp_path)
    assert 'no such bag' in refused(street.map, 'no.bag', '--radius', '2', cwd=tmp_path)
    small = write_pictures(tmp_path / 'small', ['a.png'])
    line = refused(street.map, small, '--radius', '2', cwd=tmp_path)
    assert 'pixels as in the map, found 32x24' in line
    (tmp_path / 'file').write_text('mine')
    assert 'something else' in refused(
        street.map, query, '--radius', '2', '--out', tmp_path / 'file'
    )
    assert 'file is not a folder' in refused(
        street.map, query, '--radius', '2', '--out', tmp_path / 'file' / 'report'
    )


def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    """A file named like a script is shown by its name."""
    names = [f'<script>alert({n})</script>.png'.replace('/', '') for n in range(4)]
    reference = write_pictures(tmp_path / 'a', names)
    save(build_map(tiny_config(reference)), tmp_path / 'map')
    done('map', 'a', '--tolerance', '0', '--out', 'out', cwd=tmp_path)
    page = Page(tmp_path / 'out' / 'report.html')
    assert '<script>alert(' in page.text


def test_a_picture_of_the_query_is_shown(tmp_path: Path) -> None:
    """The examples show the query frame next to the thumbnail of the place."""
    import base64

    names = [f'{n}.png' for n in range(4)]
    save(build_map(tiny_config(write_pictures(tmp_path / 'a', names))), tmp_path / 'map')
    write_pictures(tmp_path / 'b', names)
    done('map', 'b', '--tolerance', '0', '--out', 'out', cwd=tmp_path)
    with (tmp_path / 'out' / 'predictions.csv').open() as stream:
        rows = list(csv.DictReader(stream))
    best = max(
        (row for row in rows if row['correct'] == '1'), key=lambda row: float(row['confidence'])
    )
    page = Page(tmp_path / 'out' / 'report.html')
    first = next(image for image in page.images if image.startswith('data:image/jpeg'))
    shown = cv2.imdecode(
        np.frombuffer(base64.b64decode(first.split(',')[1]), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    expected = picture(int(Path(best['frame']).stem))
    assert np.abs(shown.astype(int) - expected).mean() < 8
