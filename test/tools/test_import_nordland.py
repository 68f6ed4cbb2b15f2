"""import_nordland: zips with the published layout, and errors in them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import cv2
import numpy as np
import pytest
from support.commands import as_process

from vprtempo_ros.sources.nordland import listed_names, member_of
from vprtempo_ros.tools.import_nordland import main

PNG = cv2.imencode('.png', np.random.default_rng(0).integers(0, 255, (8, 16), np.uint8))[
    1
].tobytes()


def write_zip(folder: Path, name: str, members: Iterable[tuple[str, bytes]]) -> Path:
    """Write a zip without compression, as the published ones are."""
    folder.mkdir(parents=True, exist_ok=True)
    with ZipFile(folder / name, 'w') as archive:
        for path, data in members:
            archive.writestr(path, data)
    return folder / name


def season(folder: Path, name: str, numbers: Iterable[int], part: str = 'train') -> Path:
    """Write a season's zip: numbers go through two sections."""
    numbers = list(numbers)
    half = len(numbers) // 2
    return write_zip(
        folder,
        f'{name}_images_{part}.zip',
        (
            (
                f'{name}_images_{part}/section{1 if place < half else 2}/{number}.png',
                PNG + bytes([number % 256, place % 256]),
            )
            for place, number in enumerate(numbers)
        ),
    )


def run(*arguments: object) -> int:
    """Run the command."""
    return main([str(argument) for argument in arguments])


def test_real_images_end_where_the_tools_take_them(
    shared_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frames zipped as published are extracted unchanged, and make a bag and a demo."""
    data = shared_data('nordland_64x32')
    numbers = range(210, 610, 10)
    for name in ('summer', 'winter'):
        write_zip(
            tmp_path / 'zips',
            f'{name}_images_train.zip',
            (
                (
                    f'{name}_images_train/section{1 + (number > 400)}/{number}.png',
                    (data / name / f'images-{number:05d}.png').read_bytes(),
                )
                for number in numbers
            ),
        )
    out = tmp_path / 'nordland'
    assert run(tmp_path / 'zips', out) == 0
    output = capsys.readouterr().out
    assert f'{out}: 80 frames, 0 of them existed already' in output
    assert 'train/summer: 40 frames of 24570 published' in output
    assert 'train: no zip of spring, fall' in output
    for name in ('summer', 'winter'):
        for number in numbers:
            file = f'images-{number:05d}.png'
            assert (out / 'train' / name / file).read_bytes() == (data / name / file).read_bytes()
    from vprtempo_ros.demo.recordings import convert_folder
    from vprtempo_ros.tools.images_to_bag import main as images_to_bag

    recordings = convert_folder(tmp_path, out / 'train', 'summer', 'winter', '', 40, 20.0)
    assert recordings.reference.is_dir()
    assert (
        images_to_bag(
            [
                str(out / 'train' / 'winter'),
                str(tmp_path / 'bag'),
                '--names',
                str(out / 'train' / 'names.txt'),
            ]
        )
        == 0
    )
    assert '40 images' in capsys.readouterr().out


def test_parts_do_not_mix_and_what_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Train and test have the same numbers; seasons are compared with each other and the list."""
    zips = tmp_path / 'zips'
    season(zips, 'summer', range(20))
    season(zips, 'winter', [*range(10), *range(13, 20)])
    season(zips, 'summer', range(4), 'test')
    names = tmp_path / 'nordland_imageNames.txt'
    names.write_text('\n'.join(f'{number}.png' for number in range(5, 30)))
    out = tmp_path / 'out'
    assert run(zips, out, '--names', names) == 1
    output = capsys.readouterr()
    assert (
        'train/winter: 17 frames of 24570 published; other seasons also have '
        'images-00010.png, images-00011.png, images-00012.png; 13 of the 25 in the list are '
        'missing: images-00010.png, images-00011.png, images-00012.png, images-00020.png, '
        'images-00021.png and 8 more' in output.out
    )
    assert 'test/summer: 4 frames of 3450 published' in output.out
    assert 'frames are missing' in output.err
    assert len(list((out / 'test' / 'summer').iterdir())) == 4
    assert (out / 'train' / 'names.txt').read_text().split() == [
        f'images-{number:05d}.png' for number in [*range(5, 10), *range(13, 20)]
    ]


def test_goes_on_where_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Existing files are kept, missing ones are added, none is overwritten."""
    season(tmp_path / 'zips', 'summer', range(10))
    out = tmp_path / 'out'
    assert run(tmp_path / 'zips', out, '--seasons', 'summer') == 0
    kept, gone = (out / 'train' / 'summer' / f'images-0000{n}.png' for n in (3, 4))
    before = kept.stat().st_mtime_ns
    gone.unlink()
    (out / 'train' / 'summer' / 'images-00004.png.part').write_bytes(b'half')
    capsys.readouterr()
    assert run(tmp_path / 'zips', out, '--seasons', 'summer') == 0
    assert '10 frames, 9 of them existed already' in capsys.readouterr().out
    assert kept.stat().st_mtime_ns == before
    assert gone.exists()
    assert not list(out.rglob('*.part'))
    kept.write_bytes(b'my own picture')
    (out / 'train' / 'names.txt').write_text('mine\n')
    assert run(tmp_path / 'zips', out) == 1
    assert 'exists and is not the frame from the zip' in capsys.readouterr().err
    assert kept.read_bytes() == b'my own picture'
    kept.unlink()
    assert run(tmp_path / 'zips', out) == 0
    assert 'names.txt exists and differs' in capsys.readouterr().out
    assert (out / 'train' / 'names.txt').read_text() == 'mine\n'


@pytest.mark.parametrize(
    'path',
    [
        '../../summer_images_train/../evil/7.png',
        '/etc/summer/7.png',
        'C:\\summer_images_train\\..\\7.png',
    ],
)
def test_paths_lead_nowhere_else(tmp_path: Path, path: str) -> None:
    """With any file names in a zip, files are written below OUT, under the name of a frame."""
    archive = write_zip(tmp_path / 'zips', 'summer_images_train.zip', [(path, PNG)])
    out = tmp_path / 'deep' / 'er' / 'out'
    before = set(tmp_path.rglob('*'))
    assert run(archive, out) == 0
    files = {file for file in set(tmp_path.rglob('*')) - before if file.is_file()}
    assert files == {out / 'train' / 'summer' / 'images-00007.png', out / 'train' / 'names.txt'}


def bomb() -> list[tuple[ZipInfo | str, bytes]]:
    """Return a member that expands a thousandfold (zip bomb)."""
    info = ZipInfo('summer_images_train/section1/1.png')
    info.compress_type = ZIP_DEFLATED
    return [(info, PNG[:8] + bytes(20_000_000))]


def link() -> list[tuple[ZipInfo | str, bytes]]:
    """Return a member that is a symbolic link."""
    info = ZipInfo('summer_images_train/section1/1.png')
    info.external_attr = 0o120777 << 16
    return [(info, b'/etc/passwd')]


@pytest.mark.parametrize(
    ('members', 'words'),
    [
        (bomb, 'as no image does'),
        (link, 'is a link'),
        (lambda: [('summer/1.png', b'')], 'found 0 bytes'),
        (lambda: [('summer/1.png', b'not an image at all')], 'is not a PNG or JPEG'),
        (
            lambda: [('summer/section1/1.png', PNG), ('summer/section2/1.png', PNG + b'x')],
            'two images for frames/summer/images-00001.png',
        ),
        (lambda: [('readme.txt', b'hello')], 'no frames of spring, summer, fall, winter'),
    ],
)
def test_what_is_no_season_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    members: Callable[[], list[tuple[str, bytes]]],
    words: str,
) -> None:
    """One line says what is wrong; no image and nothing half-written is left."""
    archive = write_zip(tmp_path, 'frames.zip', members())
    assert run(archive, tmp_path / 'out') == 1
    output = capsys.readouterr().err.strip()
    assert words in output
    assert len(output.splitlines()) == 1
    assert not [file for file in (tmp_path / 'out').rglob('*') if file.is_file()]


def test_damaged_downloads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A truncated zip is reported at once, a changed byte at its file; other files stay."""
    archive = season(tmp_path / 'zips', 'summer', range(30))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    assert run(archive, tmp_path / 'out') == 1
    assert 'not a whole zip file' in capsys.readouterr().err
    changed = bytearray(whole)
    changed[whole.index(PNG, len(whole) // 3) + 40] ^= 0xFF
    archive.write_bytes(changed)
    assert run(archive, tmp_path / 'out') == 1
    assert 'damaged' in capsys.readouterr().err
    there = len(list((tmp_path / 'out').rglob('*.png')))
    assert 0 < there < 30
    archive.write_bytes(whole)
    assert run(archive, tmp_path / 'out') == 0
    assert f'30 frames, {there} of them existed already' in capsys.readouterr().out


@pytest.mark.parametrize('compression', [ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
def test_any_byte_may_be_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], compression: int
) -> None:
    """Any damage is reported in a line that names the zip, or has no effect."""
    archive = tmp_path / 'summer.zip'
    with ZipFile(archive, 'w', compression) as written:
        written.writestr('section1/1.png', PNG + bytes(100))
    whole = archive.read_bytes()
    rng = np.random.default_rng(compression)
    for where in range(len(whole)):
        changed = bytearray(whole)
        changed[where] ^= rng.integers(1, 256)
        archive.write_bytes(changed)
        status = run(archive, tmp_path / 'out' / str(where))
        output = capsys.readouterr().err
        errors = [line for line in re.split('[\r\n]', output) if 'error: ' in line]
        assert len(errors) == status, (where, output)
        assert 'cannot be written' not in output, (where, output)
    assert not list((tmp_path / 'out').rglob('*.part'))


def test_a_folder_in_the_place_of_the_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files next to the seasons that cannot be read or written are reported in one line."""
    (tmp_path / 'out' / 'train' / 'names.txt').mkdir(parents=True)
    assert run(season(tmp_path, 'summer', range(3)), tmp_path / 'out') == 1
    assert 'names.txt: cannot be written (Is a directory)' in capsys.readouterr().err


def test_room_is_checked_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without enough disk space no file is written."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', str(disk)],
            capture_output=True,
            check=False,
        ).returncode
    ):
        pytest.skip('needs to mount a small file system')
    try:
        assert run(season(tmp_path, 'summer', range(300)), disk / 'out') == 1
        assert 'GB are needed' in capsys.readouterr().err
        assert not (disk / 'out').exists()
    finally:
        subprocess.run(['umount', str(disk)], check=True)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['/no/such', 'out'], 'expected a zip, or a folder with zips'),
        (['{zip}', 'out', '--names', '/no/list'], 'cannot be read as a list'),
        (['{zip}', 'out', '--names', '{zip}'], 'cannot be read as a list'),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    """As a process, with an exit status."""
    archive = season(tmp_path, 'summer', range(3))
    done = as_process('import_nordland', *(word.format(zip=archive) for word in arguments))
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ('path', 'archive', 'expected'),
    [
        ('summer_images_train/section1/0.png', 'x.zip', ('train', 'summer', 'images-00000.png')),
        (
            'Dataset_images/test/fall_images_test/section3/3449.png',
            'x.zip',
            ('test', 'fall', 'images-03449.png'),
        ),
        ('section2/12837.png', 'winter_images_train.zip', ('train', 'winter', 'images-12837.png')),
        ('spring/images-35768.png', 'x.zip', ('frames', 'spring', 'images-35768.png')),
        ('images-00010.JPG', 'spring.zip', ('frames', 'spring', 'images-00010.jpg')),
        ('summer_images_train/readme.txt', 'x.zip', None),
        ('__MACOSX/summer_images_train/section1/._0.png', 'x.zip', None),
        ('holiday/0.png', 'x.zip', None),
    ],
)
def test_where_files_belong(path: str, archive: str, expected: tuple[str, ...] | None) -> None:
    """The part, the season and the number of a frame are read from its path."""
    assert member_of(path, archive) == expected


def test_lists_of_names(tmp_path: Path) -> None:
    """A name a line, padded or not, or the first column of a CSV."""
    file = tmp_path / 'list'
    file.write_text('202.png\nimages-00203.png\nimages-00203.png\n')
    assert listed_names(file) == ['images-00202.png', 'images-00203.png']
    file.write_text('Image_name,index\nimages-00202.png,0\nspring/images-00203.png,1\n')
    assert listed_names(file) == ['images-00202.png', 'images-00203.png']
