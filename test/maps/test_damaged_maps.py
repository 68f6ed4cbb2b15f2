"""A map that is damaged, of another version or no map at all is refused with one clear line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from support.helpers import change, refusal, tiny_map, unchanged

from vprtempo_ros.errors import MapError
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.maps.thumbnails_file import THUMBNAILS, write_thumbnails

NETWORK, REFERENCE = 'network.safetensors', 'reference.safetensors'
PLACES = 'places.csv'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a valid map to be damaged."""
    return save(tiny_map(), tmp_path / 'office')


def test_no_map(tmp_path: Path) -> None:
    """A missing path, a file and a folder with other files are not maps."""
    assert 'no such map' in refusal(tmp_path / 'nothing')
    assert 'not a map' in refusal(tmp_path)
    file = tmp_path / 'file'
    file.write_text('x')
    assert 'not a map' in refusal(file)
    assert refusal(tmp_path / ('x' * 300))
    # As maps of Nav2 are named.
    named = save(tiny_map(), tmp_path / 'office') / 'map.yaml'
    assert f'not a map (name its folder, {named.parent})' in refusal(named)


@pytest.mark.parametrize(
    ('version', 'expected'),
    [
        (5, 'install a newer vprtempo_ros'),
        (1, 'train the map again'),
        (0, 'train the map again'),
        (-1, 'train the map again'),
        ('one', 'train the map again'),
        (None, 'train the map again'),
        ([1], 'train the map again'),
    ],
)
def test_another_version(folder: Path, version: object, expected: str) -> None:
    """For a map of another format the error names it and a remedy, before other checks."""
    change(folder, lambda document: document.update(format_version=version))
    (folder / NETWORK).unlink()
    line = refusal(folder)
    assert f'map format {version}, this software reads 2, 3 and 4' in line
    assert expected in line


@pytest.mark.parametrize('name', [PLACES, NETWORK, REFERENCE, THUMBNAILS, 'map.yaml'])
def test_a_flipped_byte(folder: Path, name: str) -> None:
    """One changed byte in any file is noticed, and the file is named."""
    file = folder / name
    data = bytearray(file.read_bytes())
    where = data.index(b'epochs: 2') + 8 if name == 'map.yaml' else len(data) - 3
    data[where] ^= 1
    file.write_bytes(data)
    assert f'{name} is not as it was written' in refusal(folder)


@pytest.mark.long
def test_any_flipped_byte_of_map_yaml(folder: Path) -> None:
    """If any byte of map.yaml changes, the map is refused or means the same as before."""
    data = (folder / 'map.yaml').read_bytes()
    before = yaml.safe_load(data)
    rng = np.random.default_rng(0)
    for where in rng.choice(len(data), 150, replace=False).tolist():
        damaged = bytearray(data)
        damaged[where] ^= 1 << int(rng.integers(8))
        (folder / 'map.yaml').write_bytes(damaged)
        try:
            load(folder)
        except MapError as error:
            assert '\n' not in str(error)
        else:
            assert yaml.safe_load(bytes(damaged)) == before


@pytest.mark.parametrize('name', [PLACES, NETWORK, REFERENCE, THUMBNAILS, 'map.yaml'])
def test_a_missing_file(folder: Path, name: str) -> None:
    """A part that is missing is named."""
    file = folder / name
    file.unlink()
    line = refusal(folder)
    assert ('no map.yaml' if name == 'map.yaml' else f'{name} is missing') in line


@pytest.mark.parametrize('count', [0, 5, 7])
def test_thumbnails_that_do_not_fit(folder: Path, count: int) -> None:
    """A missing or additional thumbnail is noticed, with and without checksums."""
    write_thumbnails([b'x'] * count, folder / THUMBNAILS)
    assert f'{THUMBNAILS} is not as it was written' in refusal(folder)
    change(folder, unchanged)
    assert f'expected 6 thumbnails, found {count}' in refusal(folder)


@pytest.mark.parametrize(
    'edit',
    [
        lambda data: b'',
        lambda data: data[:20],
        lambda data: b'X' + data[1:],
        lambda data: data + b'x',
        lambda data: data[:-1],
        # A number of thumbnails that no file holds, and positions that go back or beyond the end.
        lambda data: data[:8] + b'\xff' * 8 + data[16:],
        lambda data: data[:24] + b'\xff' * 8 + data[32:],
        lambda data: data[:24] + (10**9).to_bytes(8, 'little') + data[32:],
        lambda data: data[:16] + bytes(8) + data[24:],
    ],
)
def test_a_thumbnail_file_of_something_else(folder: Path, edit: Callable[[bytes], bytes]) -> None:
    """Positions that are not within the file are refused, and claim no memory."""
    file = folder / THUMBNAILS
    file.write_bytes(edit(file.read_bytes()))
    change(folder, unchanged)
    assert f'{THUMBNAILS}: expected positions' in refusal(folder)


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        (b'', 'not a map.yaml'),
        (b'just text', 'not a map.yaml'),
        (b'- a\n- list\n', 'not a map.yaml'),
        (b'format_version: 2\n', 'not a map.yaml'),
        (b'format_version: 2\nchecksums: []\n', 'not a map.yaml'),
        (b'format_version: 4\nchecksums: {}\n', 'is not as it was written'),
        (b'a: [1, 2', 'not valid YAML'),
        (b'a: "\xff\xfe"', 'not valid YAML'),
        (b'a: \x00', 'not valid YAML'),
        (b'a: !!bool maybe', 'not valid YAML'),
        (b'a: !!timestamp soon', 'not valid YAML'),
        (b'a: !!python/object/apply:os.system ["true"]', 'not valid YAML'),
        (b'{' * 20_000, 'not valid YAML'),
        (b'a: 2000-99-99', 'not valid YAML'),
        (b'#' * (1 << 21), 'larger than any map.yaml'),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else '',
)
def test_a_map_yaml_of_something_else(folder: Path, content: bytes, expected: str) -> None:
    """Content that is not a map.yaml, YAML or text is refused, and never executed."""
    (folder / 'map.yaml').write_bytes(content)
    assert expected in refusal(folder)
