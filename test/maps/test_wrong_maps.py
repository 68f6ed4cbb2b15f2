"""A map with right checksums and wrong content is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support.helpers import change, refusal, tiny_map, unchanged

from vprtempo_ros.maps.store import load, save

NETWORK, REFERENCE = 'network.safetensors', 'reference.safetensors'
PLACES = 'places.csv'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a valid map to be damaged."""
    return save(tiny_map(), tmp_path / 'office')


def test_renewed_checksums_are_accepted(folder: Path) -> None:
    """The tests below find damage, not checksums: a map with renewed checksums loads."""
    change(folder, unchanged)
    assert load(folder).places == tiny_map().places


@pytest.mark.parametrize(
    'edit',
    [
        lambda d: d.pop('config'),
        lambda d: d.pop('origin'),
        lambda d: d.pop('sensor'),
        lambda d: d.pop('software'),
        lambda d: d.update(config=[1]),
        lambda d: d.update(config=None),
        lambda d: d['config'].update(speed=3),
        lambda d: d['config']['encoding'].update(width=9),
        lambda d: d['config']['encoding'].update(patch=4),
        lambda d: d.update(sensor=7),
        lambda d: d['config']['training'].update(readout='magic'),
        lambda d: d['sensor'].pop('width'),
        lambda d: d['sensor'].update(width='wide'),
        lambda d: d.update(origin=5),
        lambda d: d.update(origin=[1.0, 2.0]),
        lambda d: d.update(origin='abc'),
        lambda d: d.update(origin=[1.0, 2.0, float('nan')]),
        lambda d: d.update(places=7),
    ],
)
def test_values_that_are_missing_or_wrong(
    folder: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    """Values are checked independently of checksums."""
    change(folder, edit)
    assert refusal(folder)


def recursive(document: dict[str, Any]) -> None:
    """Make the configuration contain itself."""
    document['config']['encoding'] = document['config']


def test_a_configuration_that_contains_itself(folder: Path) -> None:
    """YAML can hold loops; a map cannot."""
    change(folder, recursive)
    assert refusal(folder)


@pytest.mark.parametrize(
    'edit',
    [
        lambda c: c.clear(),
        lambda c: c.pop('tolerance'),
        lambda c: c.pop('held_out'),
        lambda c: c.pop('frames'),
        lambda c: c.pop('filters'),
        lambda c: c['filters'].pop('bayes'),
        lambda c: c['filters']['none'].pop('slope'),
        lambda c: c['filters']['none'].pop('offset'),
        lambda c: c['filters'].update(none=None),
        lambda c: c['filters'].update(none='steep'),
        lambda c: c['filters'].update(none=[0.1, 0.2]),
        lambda c: c.update(filters=None),
        lambda c: c.update(filters=['none', 'seqslam', 'bayes']),
        lambda c: c['filters']['bayes'].update(slope=-0.1),
        lambda c: c['filters']['bayes'].update(slope=-1e-9),
        lambda c: c['filters']['bayes'].update(slope=float('nan')),
        lambda c: c['filters']['bayes'].update(offset=float('-inf')),
        lambda c: c['filters']['bayes'].update(offset=-1e7),
        lambda c: c['filters']['bayes'].update(slope=1e7),
        lambda c: c['filters']['bayes'].update(slope='2.0'),
        lambda c: c['filters']['bayes'].update(slope=True),
        lambda c: c['filters']['bayes'].update(slope={'a': [1.0] * 9999}),
        lambda c: c['filters']['seqslam'].update(right=1.5),
        lambda c: c.update(tolerance=-1),
        lambda c: c.update(tolerance=1.5),
        lambda c: c.update(tolerance=True),
        lambda c: c.update(tolerance=10**30),
        lambda c: c.update(frames=-1),
        lambda c: c.update(frames=10**12),
        lambda c: c.update(held_out=['a', 'list']),
        lambda c: c.update(held_out=None),
    ],
)
def test_confidence_that_is_missing_or_wrong(
    folder: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    """Each number of the calibration is checked, and refused with its own message."""
    change(folder, lambda document: edit(document['confidence']))
    line = refusal(folder)
    assert 'map.yaml: confidence lacks or misplaces' in line
    assert len(line) < 600


@pytest.mark.parametrize('value', [None, 5, 'sure', [1, 2], []])
def test_no_confidence_at_all(folder: Path, value: object) -> None:
    """Other values in its place are refused, and so is a missing one."""
    change(folder, lambda document: document.update(confidence=value))
    assert 'confidence' in refusal(folder)
    change(folder, lambda document: document.pop('confidence'))
    assert 'confidence' in refusal(folder)


def tensors(folder: Path, name: str, value: np.ndarray | None, file: str = NETWORK) -> None:
    """Replace a tensor of a file, or remove it."""
    found = load_file(folder / file)
    if value is None:
        del found[name]
    else:
        found[name] = np.ascontiguousarray(value)
    save_file(found, folder / file)


@pytest.mark.parametrize(
    ('name', 'value', 'expected'),
    [
        (
            'module.0.feature.weights',
            np.zeros((64, 63), np.float32),
            r'(neurons, 64), found (64, 63)',
        ),
        ('module.0.feature.weights', np.zeros(64, np.float32), 'expected (neurons, 64)'),
        ('module.0.feature.weights', None, 'expected output neurons for 6 places, found 0'),
        ('module.1.feature.weights', None, 'expected output neurons for 6 places, found 3'),
        (
            'module.1.output.weights',
            None,
            'module.1.output.weights: expected (neurons, 64), found N',
        ),
        ('module.0.output.weights', np.zeros((4, 64), np.float32), 'expected float32 (4,), found'),
        ('module.0.feature.thresholds', np.zeros(63, np.float32), 'expected float32 (64,)'),
        ('module.0.feature.thresholds', np.zeros(64), 'found float64'),
        ('module.0.feature.target_rates', None, 'found None'),
        ('module.1.output.weights', np.full((3, 64), np.nan, np.float32), 'found NaN or infinity'),
        ('module.1.feature.thresholds', np.full(64, np.inf, np.float32), 'found NaN or infinity'),
    ],
)
def test_tensors_that_do_not_fit(
    folder: Path, name: str, value: np.ndarray | None, expected: str
) -> None:
    """Missing tensors, wrong shapes and types, NaN and infinity are found."""
    tensors(folder, name, value)
    change(folder, unchanged)
    assert expected in refusal(folder)


def one_of(count: int, value: float) -> np.ndarray:
    """Return ones with one other value."""
    found = np.ones(count, np.float32)
    found[count // 2] = value
    return found


@pytest.mark.parametrize(
    ('name', 'value', 'expected'),
    [
        ('spikes', None, 'spikes: expected uint8 (6, 64), found None'),
        ('spikes', np.zeros((5, 64), np.uint8), 'expected uint8 (6, 64), found uint8 (5, 64)'),
        ('spikes', np.zeros((6, 8, 8), np.uint8), 'found uint8 (6, 8, 8)'),
        ('spikes', np.zeros((6, 64), np.int8), 'found int8 (6, 64)'),
        ('spikes', np.zeros((6, 64), np.float32), 'found float32'),
        ('pixel.mean', None, 'pixel.mean: expected float32 (64,), found None'),
        ('pixel.mean', np.ones(63, np.float32), 'found float32 (63,)'),
        ('pixel.mean', np.ones(64), 'found float64'),
        ('pixel.mean', one_of(64, np.nan), 'pixel.mean: expected numbers from 0 to 255, found nan'),
        ('pixel.mean', one_of(64, np.inf), 'found 1 to inf'),
        ('pixel.mean', one_of(64, 300), 'expected numbers from 0 to 255, found 1 to 300'),
        ('pixel.mean', one_of(64, -1), 'found -1 to 1'),
        ('pixel.deviation', None, 'pixel.deviation: expected float32 (64,), found None'),
        ('pixel.deviation', one_of(64, -0.5), 'expected numbers from 0 to 127.5, found -0.5 to 1'),
        ('pixel.deviation', one_of(64, 1e30), 'expected numbers from 0 to 127.5'),
        ('response.mean', one_of(6, np.nan), 'response.mean: expected numbers from'),
        ('response.mean', one_of(6, -np.inf), 'found -inf to 1'),
        ('response.mean', np.ones((6, 1), np.float32), 'found float32 (6, 1)'),
        ('response.deviation', None, 'response.deviation: expected float32 (6,), found None'),
        ('response.deviation', one_of(6, 0), 'response.deviation: expected numbers from'),
        ('response.deviation', one_of(6, -1), 'found -1 to 1'),
        ('response.deviation', one_of(6, 1e-45), 'response.deviation: expected numbers from'),
        ('response.deviation', one_of(6, np.nan), 'found nan to nan'),
        ('response.deviation', np.ones(7, np.float32), 'found float32 (7,)'),
    ],
)
def test_a_reference_that_does_not_fit(
    folder: Path, name: str, value: np.ndarray | None, expected: str
) -> None:
    """Spikes and statistics are checked for type, shape and range."""
    tensors(folder, name, value, REFERENCE)
    change(folder, unchanged)
    assert expected in refusal(folder)


@pytest.mark.parametrize('name', [NETWORK, REFERENCE])
@pytest.mark.parametrize('content', [b'', b'garbage', b'\xff' * 100, b'\x02\0\0\0\0\0\0\0{}'])
def test_a_tensor_file_of_something_else(folder: Path, name: str, content: bytes) -> None:
    """A file that is not a safetensors file, or is empty, is refused."""
    (folder / name).write_bytes(content)
    change(folder, unchanged)
    line = refusal(folder)
    assert name in line or 'spikes' in line


@pytest.mark.parametrize(
    'edit',
    [
        lambda lines: lines[:-1],
        lambda lines: [*lines, lines[-1]],
        lambda lines: lines[1:],
        lambda lines: ['place,stamp_ns', *lines[1:]],
        lambda lines: [],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [lines[0], lines[1].replace('100000000000', 'noon'), *lines[2:]],
        lambda lines: [lines[0], '0,100000000000,nan,0,0,0,0,0,1,map,route,frame', *lines[2:]],
        lambda lines: [lines[0], '0,100000000000,0,0,0,0,0,0,0,map,route,frame', *lines[2:]],
        lambda lines: [lines[0], '0,100000000000,1', *lines[2:]],
        lambda lines: [lines[0], '0,100000000000', *lines[2:]],
        lambda lines: [lines[0], lines[1] + ',more', *lines[2:]],
        lambda lines: [lines[0], lines[1] + 'x' * 200_000, *lines[2:]],
        lambda lines: [lines[0], lines[1] + '\udcff', *lines[2:]],
    ],
)
def test_places_that_do_not_fit(folder: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """A table with other columns, rows or values than a map's is refused."""
    lines = (folder / PLACES).read_text(encoding='utf-8').splitlines()
    assert len(lines) == 8
    (folder / PLACES).write_text(
        '\n'.join(edit(lines)) + '\n', encoding='utf-8', errors='surrogateescape'
    )
    change(folder, unchanged)
    assert refusal(folder)
