"""A folder of images as a traverse, in the natural order of the file names."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from ..arrays import Numbers
from ..errors import ImageError, SourceError
from ..events.packet import Size
from ..frames import Frame, Image
from ..support.parallel import ahead
from ..support.paths import user_path
from .completeness import Completeness
from .image_msg import decode_file, image_of, read_pixels
from .kinds import IMAGE_SUFFIXES, found_below
from .natural_sort import natural_order

_JPEG_SUFFIXES = ('.jpg', '.jpeg')

# Files have no stamps: frames are one second apart, so that places.by: seconds counts them.
# Matching does not count on that (`Map.route`).
_PERIOD_NS = 1_000_000_000
# Bytes of a file that are read at once.
_PART = 1 << 16


def image_files(folder: Path, names: str = '') -> list[Path]:
    """
    Return the images of a folder in the natural order of their names, or those in a list.

    :param names: a text file with one file name per line; empty for all images.
    :raises SourceError: if a named file is missing or there is no image.
    """
    return [folder / name for name in _image_names(folder, names)]


def _image_names(folder: Path, names: str) -> list[str]:
    if names:
        try:
            # utf-8-sig: some editors begin with a byte order mark.
            wanted = user_path(names).read_text(encoding='utf-8-sig').split('\n')
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f'{names}: cannot be read as a list of names ({error})') from None
        found = [name.strip() for name in wanted if name.strip()]
        present = set(_files(folder))
        for name in found:
            if name not in present:
                raise SourceError(f'{folder / name}: named in {names}, but there is no such file')
    else:
        found = natural_order(
            name for name in _files(folder) if name.lower().endswith(IMAGE_SUFFIXES)
        )
    if not found:
        raise SourceError(
            f'{folder}: expected images ({", ".join(IMAGE_SUFFIXES)}), found none'
            f'{found_below(folder)}'
        )
    return found


def _files(folder: Path) -> Iterator[str]:
    """
    Yield the names of files; the entries of a folder know which are, without one call each.

    A link to a file that is gone, as on a disk that is not mounted, is one: reading it fails.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists()):
                yield entry.name


def read_image(file: Path | str) -> tuple[Image, NDArray[np.uint8]]:
    """
    Return the image in a file, and the file's bytes.

    :raises SourceError: if it cannot be read or does not decode.
    """
    try:
        data = np.frombuffer(_content(file), np.uint8)
        return decode_file(data), data
    except OSError as error:
        raise SourceError(f'{file}: cannot be read ({error.strerror})') from None
    except ImageError as error:
        raise SourceError(f'{file}: {error}') from None


def _content(file: Path | str) -> bytes:
    """Return the bytes of a file; small ones in half the time of `Path.read_bytes`."""
    handle = os.open(file, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(handle, _PART):
            parts.append(part)
        return b''.join(parts)
    finally:
        os.close(handle)


class FolderFrames:
    """
    The frames of a folder of images.

    :raises SourceError: if the folder has no images, or, when reading, if none has contrast or one
        does not decode: leaving it out would shift all places after it.
    """

    def __init__(self, folder: Path, names: str = '') -> None:
        """List the folder, or the files named in the file `names`."""
        self._names = _image_names(folder, names)
        self._folder = str(folder)
        self.completeness = Completeness(len(self._names), unstamped=True)
        self.sensor = None

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._names)

    def __iter__(self) -> Generator[Frame, None, None]:
        """Read the images, a few ahead of the one that is yielded."""
        sizes: Counter[tuple[int, ...]] = Counter()
        blank = 0
        try:
            for index, (found, ms) in enumerate(ahead(self._read, self._names)):
                image = found if isinstance(found, Image) else image_of(found)
                sizes[image.pixels.shape] += 1
                blank += _is_blank(image)
                yield Frame(index * _PERIOD_NS, image, self._names[index], None, ms)
        finally:
            # Also where the reader stops before the end, as at places.count.
            self.completeness.notes = [*_notes(sizes, blank)]
        if 0 < len(self) == blank:
            raise SourceError(
                f'{self._folder}: expected images, found {blank} without any contrast (all black, '
                'all white, lens covered?)'
            )

    def _read(self, name: str) -> tuple[Image | Numbers, float]:
        """
        Return a file's image or its pixels, and the milliseconds taken.

        Threads work on this, and wait for each other for all that is not decoding: OpenCV opens
        what is no JPEG by itself, and images are made of pixels by the caller. Of a JPEG its bytes
        are needed, for its colours.
        """
        begin = time.perf_counter()
        # Joined as text: a path for each file takes as long as reading it.
        file = f'{self._folder}/{name}'
        found = None if file.lower().endswith(_JPEG_SUFFIXES) else read_pixels(file)
        image = read_image(file)[0] if found is None else found
        return image, (time.perf_counter() - begin) * 1e3


def _is_blank(image: Image) -> bool:
    try:
        image.check_contrast()
    except ImageError:
        return True
    return False


def _notes(shapes: Counter[tuple[int, ...]], blank: int) -> Iterator[str]:
    """Yield what is said of images of these shapes, of which some are without contrast."""
    sizes = Counter[Size]()
    for (height, width, *_), count in shapes.items():
        sizes[width, height] += count
    if len(sizes) > 1:
        listed = ', '.join(f'{count} of {w}x{h}' for (w, h), count in sizes.most_common(4))
        yield f'images of {len(sizes)} sizes ({listed}): are they of one camera?'
    if blank:
        yield (
            f'{blank} of {sizes.total()} images have no contrast, as black ones, and are used all '
            'the same, since the others are numbered by them'
        )
