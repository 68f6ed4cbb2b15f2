"""images_to_bag: convert a folder of images to a bag with a camera topic."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Iterable, Sequence

from tqdm import tqdm

from ..errors import SourceError
from ..frames import GREY
from ..sources.bag_writer import STORAGES, BagWriter
from ..sources.cdr import COMPRESSED, IMAGE
from ..sources.folder import image_files, read_image
from ..sources.image_bag import compressed_message, image_message
from ..sources.image_stamps import UNITS, stamped_files
from .command import check_range, guarded

_RAW_FORMATS = {'.jpg': 'jpeg', '.jpeg': 'jpeg', '.png': 'png'}


def images_to_bag(
    files: Iterable[Path],
    bag: Path,
    *,
    topic: str = '/camera/image_raw',
    rate: float = 10.0,
    start_ns: int = 1_000_000_000,
    frame_id: str = 'camera',
    storage: str = 'mcap',
    compressed: bool = False,
    given: Sequence[int] | None = None,
) -> list[int]:
    """
    Write the images in the given order, `rate` per second; return their stamps in ns.

    :param given: the stamps in ns, in place of `rate` and `start_ns`.

    :raises SourceError: if an image does not decode, or the bag exists or cannot be written.
    """
    stamps: list[int] = []
    with BagWriter(bag, storage) as writer:
        for number, file in enumerate(files):
            stamp = start_ns + round(number * 1e9 / rate) if given is None else given[number]
            image, data = read_image(file)
            if compressed:
                if file.suffix.lower() not in _RAW_FORMATS:
                    raise SourceError(f'{file}: only JPEG and PNG files can stay compressed')
                message = compressed_message(
                    stamp, data.tobytes(), _RAW_FORMATS[file.suffix.lower()], frame_id
                )
                writer.write(f'{topic}/compressed', COMPRESSED, stamp, message)
            else:
                image = image.coloured()
                pixels = image.pixels
                encoding = ('mono' if image.weights == GREY else 'bgr') + str(pixels.itemsize * 8)
                writer.write(topic, IMAGE, stamp, image_message(stamp, pixels, encoding, frame_id))
            stamps.append(stamp)
    return stamps


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='images_to_bag', description=__doc__)
    parser.add_argument('folder', type=Path, help='folder with the images, in order of their names')
    parser.add_argument('bag', type=Path, help='bag to write')
    parser.add_argument('--names', default='', help='text file with the names to use, one per line')
    parser.add_argument('--topic', default='/camera/image_raw', help='topic (default: %(default)s)')
    parser.add_argument('--rate', type=float, default=10.0, help='images per second')
    parser.add_argument(
        '--stamps',
        default='',
        help='when they were taken instead: names (times in the names of the files), or a text '
        'file with a line "time name" or "time" for each image',
    )
    parser.add_argument(
        '--unit', choices=UNITS, default='', help='unit of these times (default: by their digits)'
    )
    parser.add_argument('--frame-id', default='camera', help='frame of the images')
    parser.add_argument('--storage', choices=STORAGES, default='mcap', help='storage of the bag')
    parser.add_argument(
        '--compressed',
        action='store_true',
        help="keep the files' bytes, as CompressedImage on TOPIC/compressed",
    )
    given = parser.parse_args(args)

    def work() -> None:
        if not given.folder.is_dir():
            raise SourceError(f'{given.folder}: no such folder')
        # Outside these, stamps overflow their message or are all equal.
        check_range('--rate', given.rate, 1e-3, 1e6)
        files = image_files(given.folder, given.names)
        stamps = None
        if given.stamps:
            found = stamped_files(files, given.stamps, given.unit)
            files, stamps = [each.file for each in found], [each.stamp_ns for each in found]
        images_to_bag(
            tqdm(files, unit='image', disable=None),
            given.bag,
            topic=given.topic,
            rate=given.rate,
            frame_id=given.frame_id,
            storage=given.storage,
            compressed=given.compressed,
            given=stamps,
        )
        print(f'{given.bag}: {len(files)} images')

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
