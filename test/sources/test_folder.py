"""Folders of images: the order of the files, lists of names, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.helpers import SECOND, picture, write_pictures

from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.folder import FolderFrames, image_files
from vprtempo_ros.sources.image_msg import decode_file


def names_of(folder: Path, names: str = '') -> list[str]:
    """Return the names of the files in their order."""
    return [file.name for file in image_files(folder, names)]


def test_numbers_count_as_numbers(tmp_path: Path) -> None:
    """Frame 10 is after frame 9, with or without leading zeros."""
    write_pictures(tmp_path, ['f10.png', 'f9.png', 'f1.png', 'f100.png', 'f011.png'])
    assert names_of(tmp_path) == ['f1.png', 'f9.png', 'f10.png', 'f011.png', 'f100.png']


def test_the_order_is_the_same_on_every_file_system(tmp_path: Path) -> None:
    """Names that differ only in leading zeros have an order too."""
    wanted = ['001.png', '01.png', '1.png', '2.png']
    for number, order in enumerate([wanted, wanted[::-1], [*wanted[2:], *wanted[:2]]]):
        folder = write_pictures(tmp_path / str(number), order)
        assert names_of(folder) == wanted


@pytest.mark.parametrize('name', ['²1.png', '１.png', '٣.jpg', 'ü.png', ' .png', 'a\nb.png'])
def test_unusual_names(tmp_path: Path, name: str) -> None:
    """Digits of other scripts and other characters in a name are accepted."""
    write_pictures(tmp_path, ['a1.png'])
    (tmp_path / 'a1.png').rename(tmp_path / name)
    write_pictures(tmp_path, ['7.png'])
    assert sorted(names_of(tmp_path)) == sorted([name, '7.png'])


def test_only_images_count(tmp_path: Path) -> None:
    """Other files and folders are left out; suffixes may be in upper case."""
    write_pictures(tmp_path, ['b.PNG', 'a.jpg', 'c.JPEG'])
    (tmp_path / 'notes.txt').write_text('x')
    (tmp_path / 'folder.png').mkdir()
    assert names_of(tmp_path) == ['a.jpg', 'b.PNG', 'c.JPEG']


def test_a_link_to_nothing_is_not_left_out(tmp_path: Path) -> None:
    """Without it, as while a disk is not mounted, all places after it would be shifted."""
    write_pictures(tmp_path, ['1.png', '3.png'])
    (tmp_path / '2.png').symlink_to(tmp_path / 'disk' / '2.png')
    (tmp_path / '4.png').symlink_to(tmp_path)
    assert names_of(tmp_path) == ['1.png', '2.png', '3.png']
    with pytest.raises(SourceError, match=r'2\.png: cannot be read \(No such file or directory\)'):
        list(FolderFrames(tmp_path))


@pytest.mark.parametrize(
    'content', ['b.png\na.png\n', '\r\nb.png\r\n\r\na.png', ' b.png \na.png', '\ufeffb.png\na.png']
)
def test_a_list_of_names(tmp_path: Path, content: str) -> None:
    """A list gives the files and their order, from any editor."""
    write_pictures(tmp_path / 'images', ['a.png', 'b.png', 'c.png'])
    names = tmp_path / 'names.txt'
    names.write_text(content, encoding='utf-8', newline='')
    assert names_of(tmp_path / 'images', str(names)) == ['b.png', 'a.png']


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        ('a.png\nmissing.png\n', 'missing.png'),
        ('../secret.png', 'secret.png'),
        ('sub/inner.png', 'inner.png'),
        ('..', '..'),
        ('/etc/passwd', 'passwd'),
        ('x' * 400, 'no such file'),
        ('\n\n', 'expected images'),
    ],
)
def test_a_list_with_names_that_are_not_there(tmp_path: Path, content: str, expected: str) -> None:
    """A name that is missing, or leads out of the folder, is named."""
    folder = write_pictures(tmp_path / 'images', ['a.png'])
    write_pictures(tmp_path, ['secret.png'])
    write_pictures(folder / 'sub', ['inner.png'])
    names = tmp_path / 'names.txt'
    names.write_text(content)
    with pytest.raises(SourceError) as caught:
        image_files(folder, str(names))
    assert expected in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('content', [None, b'\xff\xfe\x00'])
def test_a_list_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """A list that is missing, or is not text, is refused."""
    write_pictures(tmp_path, ['a.png'])
    names = tmp_path / 'names.txt'
    if content is not None:
        names.write_bytes(content)
    with pytest.raises(SourceError, match='cannot be read as a list of names'):
        image_files(tmp_path, str(names))


def test_a_folder_without_images(tmp_path: Path) -> None:
    """A folder with other files only is refused, with the suffixes of images."""
    (tmp_path / 'notes.txt').write_text('x')
    with pytest.raises(SourceError, match=r'expected images \(\.png, .*found none$'):
        image_files(tmp_path)
    # As of EuRoC.
    data = write_pictures(tmp_path / 'cam0' / 'data', ['1.png'])
    with pytest.raises(SourceError, match=f'found none; there are some in {data}: name that'):
        image_files(tmp_path)


def test_frames(tmp_path: Path) -> None:
    """Frames carry the files' pixels and names, a second apart, and can be read again."""
    write_pictures(tmp_path, ['2.png', '10.png'], start=5)
    frames = FolderFrames(tmp_path)
    assert len(frames) == 2
    for _ in range(2):
        found = list(frames)
        assert [frame.name for frame in found] == ['2.png', '10.png']
        assert [frame.stamp_ns for frame in found] == [0, SECOND]
        assert [frame.pose for frame in found] == [None, None]
        np.testing.assert_array_equal(found[1].image.grey(), picture(6))


@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.JPG', 'b.jpeg', 'ä.png'])
@pytest.mark.parametrize('kind', ['grey', 'colours', 'deep'])
def test_files_give_what_their_bytes_give(tmp_path: Path, name: str, kind: str) -> None:
    """OpenCV reads files with plain names by itself, with the same pixels."""
    pixels = picture(3)
    if kind == 'colours':
        pixels = np.dstack((picture(3), picture(4), picture(5)))
    elif kind == 'deep' and not name.lower().endswith(('jpg', 'jpeg')):
        pixels = pixels.astype(np.uint16) * 257 + 3
    data = cv2.imencode(Path(name).suffix.lower(), pixels)[1]
    (tmp_path / name).write_bytes(data.tobytes())
    (frame,) = FolderFrames(tmp_path)
    expected = decode_file(data)
    assert frame.name == name
    assert frame.image.weights == expected.weights
    assert frame.image.pixels.dtype == expected.pixels.dtype
    np.testing.assert_array_equal(frame.image.pixels, expected.pixels)


@pytest.mark.parametrize('content', [b'', b'no image'], ids=['empty', 'text'])
def test_an_image_that_does_not_decode(tmp_path: Path, content: bytes) -> None:
    """An unreadable file ends the traverse with its name: left out, it would shift all places."""
    write_pictures(tmp_path, ['1.png', '3.png'])
    (tmp_path / '2.png').write_bytes(content)
    frames = iter(FolderFrames(tmp_path))
    next(frames)
    with pytest.raises(SourceError, match=r'2\.png: ') as caught:
        next(frames)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'wanted',
    [
        ['1700000000.25.png', '1700000000.5.png', '1700000001.05.png', '1700000001.1.png'],
        ['t_9.75.png', 't_10.125.png', 't_10.5.png'],
        # Parts, not decimals: 1.1 and 1.10 would be the same number.
        ['1.1.png', '1.2.png', '1.10.png', '2.1.png'],
        ['a1.5.png', 'a1.25.png', 'b1.png'],
    ],
)
def test_names_of_seconds_with_decimals(tmp_path: Path, wanted: list[str]) -> None:
    """Seconds with a decimal point are numbers, where all names are and none are equal."""
    write_pictures(tmp_path, sorted(wanted, reverse=True))
    assert names_of(tmp_path) == wanted


def test_images_of_several_sizes_are_said(tmp_path: Path) -> None:
    """All images of a folder are frames; that their sizes differ is said once."""
    write_pictures(tmp_path, ['1.png', '2.png'])
    cv2.imwrite(str(tmp_path / '3.png'), picture(3, 48, 64))
    frames = FolderFrames(tmp_path)
    assert len(list(frames)) == 3
    assert frames.completeness.notes == [
        'images of 2 sizes (2 of 32x24, 1 of 64x48): are they of one camera?'
    ]


def test_images_without_contrast_are_told(tmp_path: Path) -> None:
    """They keep their numbers, and how many they are is said."""
    for number in range(4):
        pixels = picture(number) * np.uint8(number != 1)
        (tmp_path / f'{number}.png').write_bytes(cv2.imencode('.png', pixels)[1].tobytes())
    frames = FolderFrames(tmp_path)
    assert len(list(frames)) == 4
    assert frames.completeness.notes[0].startswith('1 of 4 images have no contrast')


def test_images_that_are_all_black(tmp_path: Path) -> None:
    """Nothing can be recognised by them: they are refused, not made a map of."""
    for number in range(3):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.zeros((24, 32), np.uint8))
    with pytest.raises(SourceError, match='expected images, found 3 without any contrast'):
        list(FolderFrames(tmp_path))
