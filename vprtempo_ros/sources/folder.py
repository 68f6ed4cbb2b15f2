"""A folder of images as a traverse, in the natural order of the file names."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, SourceError
from ..events.packet import Size
from ..frames import Frame, Image
from ..support.parallel import ahead
from ..support.paths import user_path
from .completeness import Completeness
from .image_msg import decode_file
from .natural_sort import natural_order

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.pgm', '.ppm', '.webp')

# Files have no stamps: frames are one second apart, so that places.by: seconds counts them.
_PERIOD_NS = 1_000_000_000


def image_files(folder: Path, names: str = '') -> list[Path]:
    """
    Return the images of a folder in the natural order of their names, or those in a list.

    :param names: a text file with one file name per line; empty for all images.
    :raises SourceError: if a named file is missing or there is no image.
    """
    if names:
        try:
            # utf-8-sig: some editors begin with a byte order mark.
            wanted = user_path(names).read_text(encoding='utf-8-sig').split('\n')
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f'{names}: cannot be read as a list of names ({error})') from None
        files = [folder / name.strip() for name in wanted if name.strip()]
        present = {file.name for file in folder.iterdir() if file.is_file()}
        for file in files:
            if file.parent != folder or file.name not in present:
                raise SourceError(f'{file}: named in {names}, but there is no such file')
    else:
        files = natural_order(
            file
            for file in folder.iterdir()
            if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()
        )
    if not files:
        raise SourceError(f'{folder}: expected images ({", ".join(IMAGE_SUFFIXES)}), found none')
    return files


def read_image(file: Path) -> tuple[Image, NDArray[np.uint8]]:
    """
    Return the image in a file, and the file's bytes.

    :raises SourceError: if it cannot be read or does not decode.
    """
    try:
        data = np.fromfile(file, np.uint8)
        return decode_file(data), data
    except OSError as error:
        raise SourceError(f'{file}: cannot be read ({error.strerror})') from None
    except ImageError as error:
        raise SourceError(f'{file}: {error}') from None


class FolderFrames:
    """
    The frames of a folder of images.

    :raises SourceError: if the folder has no images, or, when reading, if one does not decode:
        leaving it out would shift all places after it.
    """

    def __init__(self, folder: Path, names: str = '') -> None:
        """List the folder, or the files named in the file `names`."""
        self.files = image_files(folder, names)
        self.completeness = Completeness(len(self.files))
        self.sensor = None

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.files)

    def __iter__(self) -> Iterator[Frame]:
        """Read the images, a few ahead of the one that is yielded."""
        sizes: Counter[Size] = Counter()
        for index, (image, ms) in enumerate(ahead(_timed, self.files)):
            sizes[image.width, image.height] += 1
            name = self.files[index].name
            yield Frame(index * _PERIOD_NS, image, name, decode_ms=ms)
        self.completeness.notes = [_several_sizes(sizes)] if len(sizes) > 1 else []


def _timed(file: Path) -> tuple[Image, float]:
    begin = time.perf_counter()
    image, _ = read_image(file)
    return image, (time.perf_counter() - begin) * 1e3


def _several_sizes(sizes: Counter[Size]) -> str:
    listed = ', '.join(f'{count} of {w}x{h}' for (w, h), count in sizes.most_common(4))
    return f'images of {len(sizes)} sizes ({listed}): are they of one camera?'
