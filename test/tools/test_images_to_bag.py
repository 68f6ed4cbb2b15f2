"""images_to_bag as a process: what it writes, and how it ends after an error."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from support import PATIENCE, ROOT
from support.helpers import CAMERA, SECOND, STORAGES, picture, write_pictures

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import COMPRESSED, IMAGE, read_message, stamp_ns
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.images_to_bag import images_to_bag, main


def run(*arguments: object, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with no file larger than `limit` bytes."""

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'}
    if limit is not None:
        # Coverage could not write its data either.
        env.pop('COVERAGE_PROCESS_CONFIG', None)
    return subprocess.run(
        [sys.executable, '-m', 'vprtempo_ros.tools.images_to_bag', *map(str, arguments)],
        cwd=ROOT,
        env=env,
        preexec_fn=restrict,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_the_command(tmp_path: Path) -> None:
    """Every option takes effect, and the command says what it did."""
    folder = write_pictures(tmp_path / 'images', ['a2.png', 'a10.png', 'a1.png', 'b.png'])
    (tmp_path / 'names.txt').write_text('a10.png\na2.png\nb.png\n')
    bag = tmp_path / 'bag'
    done = run(
        folder,
        bag,
        '--names',
        tmp_path / 'names.txt',
        '--topic',
        '/front',
        '--rate',
        4,
        '--frame-id',
        'lens',
        '--storage',
        'sqlite3',
    )
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == f'{bag}: 3 images\n'
    assert (bag / 'bag_0.db3').is_file()
    with BagReader(bag) as reader:
        assert reader.topics == {'/front': ('/front', IMAGE, 3)}
        raws = list(reader.messages(['/front']))
    messages = [read_message(raw.data, raw.type) for raw in raws]
    assert [raw.stamp_ns for raw in raws] == [SECOND * 4 // 4, SECOND * 5 // 4, SECOND * 6 // 4]
    assert [stamp_ns(message.header) for message in messages] == [raw.stamp_ns for raw in raws]
    assert {message.header.frame_id for message in messages} == {'lens'}
    for number, message in zip((1, 0, 3), messages, strict=True):
        np.testing.assert_array_equal(message.data.reshape(24, 32), picture(number))


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize(
    ('shape', 'kind', 'encoding'),
    [
        ((6, 5), np.uint8, 'mono8'),
        ((6, 5, 3), np.uint8, 'bgr8'),
        ((6, 5), np.uint16, 'mono16'),
        ((6, 5, 3), np.uint16, 'bgr16'),
    ],
)
def test_pixels_come_back(
    tmp_path: Path, storage: str, shape: tuple[int, ...], kind: type, encoding: str
) -> None:
    """Pixels of every depth are in the bag as they are in the file."""
    pixels = np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape, kind)
    assert cv2.imwrite(str(tmp_path / 'one.png'), pixels)
    stamps = images_to_bag([tmp_path / 'one.png'], tmp_path / 'bag', storage=storage)
    assert stamps == [SECOND]
    with BagReader(tmp_path / 'bag') as bag:
        (raw,) = bag.messages([CAMERA])
    message = read_message(raw.data, raw.type)
    assert (message.encoding, message.is_bigendian) == (encoding, 0)
    np.testing.assert_array_equal(message.data.view(kind).reshape(shape), pixels)


def test_a_jpeg_keeps_its_colours(tmp_path: Path) -> None:
    """Without --compressed its pixels are in the bag, as OpenCV reads them."""
    pixels = np.random.default_rng(0).integers(0, 255, (16, 24, 3), np.uint8)
    assert cv2.imwrite(str(tmp_path / 'one.jpg'), pixels)
    images_to_bag([tmp_path / 'one.jpg'], tmp_path / 'bag')
    with BagReader(tmp_path / 'bag') as bag:
        (raw,) = bag.messages([CAMERA])
    message = read_message(raw.data, raw.type)
    assert message.encoding == 'bgr8'
    np.testing.assert_array_equal(
        message.data.reshape(16, 24, 3), cv2.imread(str(tmp_path / 'one.jpg'))
    )


def test_compressed_files_are_kept(tmp_path: Path) -> None:
    """With --compressed every byte of the files is in the bag, on a topic of its own."""
    folder = write_pictures(tmp_path / 'images', ['1.jpg', '2.png', '3.JPEG'])
    assert main([str(folder), str(tmp_path / 'bag'), '--compressed']) == 0
    with BagReader(tmp_path / 'bag') as bag:
        assert bag.topics == {f'{CAMERA}/compressed': (f'{CAMERA}/compressed', COMPRESSED, 3)}
        messages = [read_message(raw.data, raw.type) for raw in bag.messages(bag.topics)]
    assert [message.format for message in messages] == ['jpeg', 'png', 'jpeg']
    for name, message in zip(('1.jpg', '2.png', '3.JPEG'), messages, strict=True):
        assert bytes(message.data) == (folder / name).read_bytes()


def test_a_bag_is_the_same_traverse_as_its_folder(tmp_path: Path) -> None:
    """Training from the bag gets the same images as training from the folder."""
    folder = write_pictures(tmp_path / 'images', [f'{number}.png' for number in range(12)])
    assert main([str(folder), str(tmp_path / 'bag')]) == 0
    seen = [
        [
            frame.image.grey().tobytes()
            for frame in open_traverse(str(path), BagInputConfig(), PosesConfig())[0]
        ]
        for path in (folder, tmp_path / 'bag')
    ]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 12


@pytest.mark.parametrize(
    ('names', 'text', 'options'),
    [
        # EuRoC, its data.csv, TUM RGB-D, KITTI, and a list whose order is not that of the names.
        (['1403636580000000000.png', '1403636579763555584.png'], '', []),
        (
            ['1.png', '2.png'],
            '#stamp,file\n1403636580000000000,2.png\n1403636579763555584,1.png',
            [],
        ),
        (['1.png', '2.png'], '1403636579.763555584 rgb/1.png\n1403636580.0 rgb/2.png\n', []),
        (['1.png', '2.png'], 'time\n1403636579763555.584\n1403636580000000\n', ['--unit', 'us']),
        (['10.png', '9.png'], 'name;time\n10.png;1403636580.0\n9.png;1403636579.763555584', []),
    ],
)
def test_stamps(tmp_path: Path, names: list[str], text: str, options: list[str]) -> None:
    """Images get the times of their names or of a list, in any notation, and their order."""
    folder = write_pictures(tmp_path / 'images', names)
    (tmp_path / 'times.txt').write_text(text)
    stamps = str(tmp_path / 'times.txt') if text else 'names'
    assert main([str(folder), str(tmp_path / 'bag'), '--stamps', stamps, *options]) == 0
    with BagReader(tmp_path / 'bag') as bag:
        found = [(raw.stamp_ns, read_message(raw.data, IMAGE)) for raw in bag.messages([CAMERA])]
    assert [stamp for stamp, _ in found] == [1403636579763555584, 1403636580 * SECOND]
    assert [stamp_ns(message.header) for _, message in found] == [stamp for stamp, _ in found]
    first = 0 if names[0] == '1.png' else 1
    np.testing.assert_array_equal(found[0][1].data, picture(first).reshape(-1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of three images, one of which is a bitmap."""
    return write_pictures(tmp_path / 'images', ['1.png', '2.png', '3.bmp'])


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (['missing', 'bag'], 'missing: no such folder'),
        (['images/1.png', 'bag'], '1.png: no such folder'),
        (['images', 'bag', '--rate', '0'], '--rate: expected'),
        (['images', 'bag', '--rate', '-3'], '--rate: expected'),
        (['images', 'bag', '--rate', 'nan'], '--rate: expected'),
        (['images', 'bag', '--rate', 'inf'], '--rate: expected'),
        (['images', 'bag', '--rate', '1e-12'], '--rate: expected'),
        (['images', 'bag', '--names', 'missing.txt'], 'missing.txt: cannot be read'),
        (['images', 'bag', '--compressed'], '3.bmp: only JPEG and PNG'),
        (['images', 'bag', '--stamps', 'names'], 'found 1: in which unit? Use --unit'),
        (['images', 'bag', '--stamps', 'missing.txt'], 'missing.txt: cannot be read as a list'),
        (['images', 'bag', '--stamps', 'few.txt'], 'each of 3 images, found 2'),
        (['images', 'bag', '--stamps', 'some.txt'], 'a time for each image, none for 3.bmp'),
        (['images', 'bag', '--stamps', 'same.txt'], '2.png: expected a time of its own'),
        (['images', 'images'], 'images: exists already'),
        (['images', 'images/1.png/bag'], 'cannot be written'),
        (['empty', 'bag'], 'expected images'),
        (['broken', 'bag'], '2.png: '),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected: str,
) -> None:
    """Each error ends with one line, status 1, and no bag or part of one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'empty').mkdir()
    (write_pictures(tmp_path / 'broken', ['1.png']) / '2.png').write_bytes(b'no image')
    (tmp_path / 'few.txt').write_text('1.5\n2.5\n')
    (tmp_path / 'some.txt').write_text('1.5 1.png\n2.5 2.png\n')
    (tmp_path / 'same.txt').write_text('1.5\n1.5\n2.5\n')
    before = sorted(tmp_path.rglob('*'))
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('error: ')
    assert expected in err
    assert err.count('\n') == 1
    assert sorted(tmp_path.rglob('*')) == before


def test_an_error_of_the_command(tmp_path: Path, folder: Path) -> None:
    """As a process too: one line on stderr, status 1, no traceback."""
    (folder / '2.png').write_bytes(b'')
    done = run(folder, tmp_path / 'bag')
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith(f'error: {folder / "2.png"}: ')
    assert done.stderr.count('\n') == 1
    assert not (tmp_path / 'bag').exists()


@pytest.mark.parametrize('storage', STORAGES)
def test_a_full_disk(tmp_path: Path, folder: Path, storage: str) -> None:
    """If the disk is full, one line says so and no part of the bag is left."""
    done = run(folder, tmp_path / 'bag', '--storage', storage, limit=2000)
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith(f'error: {tmp_path / "bag"}: cannot be written (')
    assert done.stderr.count('\n') == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ['images']


@pytest.mark.parametrize('arguments', [[], ['one'], ['a', 'b', '--storage', 'tape']])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments give the usage and status 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert 'usage: images_to_bag' in capsys.readouterr().err
