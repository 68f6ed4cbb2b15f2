"""A map whose checksums are right and whose content is not is refused all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import change, refusal, tiny_map, unchanged
from safetensors.numpy import load_file, save_file

from vprtempo_ros.maps.store import load, save

NETWORK = 'network.safetensors'


PLACES = 'places.csv'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a sound map to be damaged."""
    return save(tiny_map(), tmp_path / 'office')


def test_renewed_checksums_are_accepted(folder: Path) -> None:
    """The damage below is found for itself: a map with renewed checksums alone does load."""
    change(folder, unchanged)
    assert load(folder).places == tiny_map().places


@pytest.mark.parametrize('edit', [
    lambda d: d.pop('config'), lambda d: d.pop('origin'), lambda d: d.pop('sensor'),
    lambda d: d.pop('software'), lambda d: d.update(config=[1]), lambda d: d.update(config=None),
    lambda d: d['config'].update(speed=3), lambda d: d['config']['encoding'].update(width=9),
    lambda d: d['config']['encoding'].update(patch=4), lambda d: d.update(sensor=7),
    lambda d: d['config']['training'].update(readout='magic'),
    lambda d: d['sensor'].pop('width'), lambda d: d['sensor'].update(width='wide'),
    lambda d: d.update(origin=5), lambda d: d.update(origin=[1.0, 2.0]),
    lambda d: d.update(origin='abc'), lambda d: d.update(origin=[1.0, 2.0, float('nan')]),
    lambda d: d.update(places=7),
])
def test_values_that_are_missing_or_wrong(
    folder: Path, edit: Callable[[dict[str, Any]], object],
) -> None:
    """Values are checked for themselves, even where all checksums are right."""
    change(folder, edit)
    assert refusal(folder)


def recursive(document: dict[str, Any]) -> None:
    """Make the configuration contain itself."""
    document['config']['encoding'] = document['config']


def test_a_configuration_that_contains_itself(folder: Path) -> None:
    """YAML can hold loops; a map cannot."""
    change(folder, recursive)
    assert refusal(folder)


def tensors(folder: Path, name: str, value: np.ndarray | None) -> None:
    """Replace a tensor of the network, or remove it."""
    found = load_file(folder / NETWORK)
    if value is None:
        del found[name]
    else:
        found[name] = np.ascontiguousarray(value)
    save_file(found, folder / NETWORK)


@pytest.mark.parametrize(('name', 'value', 'expected'), [
    ('module.0.feature.weights', np.zeros((64, 63), np.float32), r'(neurons, 64), found (64, 63)'),
    ('module.0.feature.weights', np.zeros(64, np.float32), 'expected (neurons, 64)'),
    ('module.0.feature.weights', None, 'expected output neurons for 6 places, found 0'),
    ('module.1.feature.weights', None, 'expected output neurons for 6 places, found 3'),
    ('module.1.output.weights', None, 'module.1.output.weights: expected (neurons, 64), found N'),
    ('module.0.output.weights', np.zeros((4, 64), np.float32), 'expected float32 (4,), found'),
    ('module.0.feature.thresholds', np.zeros(63, np.float32), 'expected float32 (64,)'),
    ('module.0.feature.thresholds', np.zeros(64), 'found float64'),
    ('module.0.feature.target_rates', None, 'found None'),
    ('module.1.output.weights', np.full((3, 64), np.nan, np.float32), 'found NaN or infinity'),
    ('module.1.feature.thresholds', np.full(64, np.inf, np.float32), 'found NaN or infinity'),
])
def test_tensors_that_do_not_fit(
    folder: Path, name: str, value: np.ndarray | None, expected: str,
) -> None:
    """Missing tensors, wrong shapes and types, NaN and infinity are found."""
    tensors(folder, name, value)
    change(folder, unchanged)
    assert expected in refusal(folder)


@pytest.mark.parametrize('content', [b'', b'garbage', b'\xff' * 100, b'\x02\0\0\0\0\0\0\0{}'])
def test_a_network_file_of_something_else(folder: Path, content: bytes) -> None:
    """A file that is no safetensors file, or an empty one, is refused."""
    (folder / NETWORK).write_bytes(content)
    change(folder, unchanged)
    assert NETWORK in refusal(folder)


@pytest.mark.parametrize('edit', [
    lambda lines: lines[:-1],
    lambda lines: [*lines, lines[-1]],
    lambda lines: lines[1:],
    lambda lines: ['place,stamp_ns', *lines[1:]],
    lambda lines: [],
    lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    lambda lines: [lines[0], lines[1].replace('100000000000', 'noon'), *lines[2:]],
    lambda lines: [lines[0], '0,100000000000,nan,0,0,0,0,0,1,map,route,frame', *lines[2:]],
    lambda lines: [lines[0], '0,100000000000,1', *lines[2:]],
    lambda lines: [lines[0], '0,100000000000', *lines[2:]],
    lambda lines: [lines[0], lines[1] + ',more', *lines[2:]],
    lambda lines: [lines[0], lines[1] + 'x' * 200_000, *lines[2:]],
    lambda lines: [lines[0], lines[1] + '\udcff', *lines[2:]],
])
def test_places_that_do_not_fit(folder: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """A table with other columns, rows or values than a map's is refused."""
    lines = (folder / PLACES).read_text(encoding='utf-8').splitlines()
    assert len(lines) == 8
    (folder / PLACES).write_text('\n'.join(edit(lines)) + '\n', encoding='utf-8',
                                 errors='surrogateescape')
    change(folder, unchanged)
    assert refusal(folder)
