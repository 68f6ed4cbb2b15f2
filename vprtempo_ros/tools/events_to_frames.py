"""events_to_frames: convert the events of a bag to a folder of event-count images."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..config import BagInputConfig, EventsConfig
from ..errors import SourceError
from ..options import Option, from_flat, options
from ..sources.event_bag import EventFrames
from ..sources.kinds import RECORDINGS
from .command import check_range, guarded


def events_to_frames(bag: Path, folder: Path, config: BagInputConfig, scale: float = 0.0) -> int:
    """
    Write an image for each window of the bag's events; return the number of images.

    Pixels are counts in 16-bit PNG; with a scale, counts times the scale in 8 bits. With signed
    polarity zero is the middle of the range. Files are named by the stamps of the ends of their
    windows in nanoseconds.

    :raises SourceError: if the bag holds no usable events, or the folder is not empty.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise SourceError(f'{folder}: expected an empty folder or none, found files in it')
    except OSError as error:
        raise SourceError(f'{folder}: cannot be written ({error.strerror})') from None
    frames = EventFrames(bag, config)
    written = 0
    for frame in tqdm(frames, unit='image', disable=None):
        pixels = as_pixels(frame.image.counts(), config.events.polarity == 'signed', scale)
        file = folder / f'{frame.stamp_ns:019d}.png'
        if not cv2.imwrite(str(file), pixels):
            raise SourceError(f'{file}: cannot be written; is the disk full?')
        written += 1
    if not written:
        reasons = '; '.join(frames.skipped) or 'the recording is shorter than a window'
        raise SourceError(f'{bag}: no image could be made of {frames.name} ({reasons})')
    for line in frames.completeness.lines():
        print(line, file=sys.stderr)
    return written


def as_pixels(counts: NDArray[np.float32], signed: bool, scale: float) -> NDArray[np.generic]:
    """Return counts as uint16, or times a scale as uint8; clipped to the range."""
    kind, top = (np.uint8, 255) if scale else (np.uint16, 65535)
    values = counts * (scale or 1.0) + ((top + 1) // 2 if signed else 0)
    return np.clip(np.rint(values), 0, top).astype(kind)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='events_to_frames', description=__doc__)
    parser.add_argument('bag', type=Path, help=RECORDINGS)
    parser.add_argument('folder', type=Path, help='folder to write, empty or new')
    parser.add_argument('--topic', default='', help='topic of the events (default: the only one)')
    parser.add_argument(
        '--scale',
        type=float,
        default=0.0,
        help='write 8 bits: counts times this, for viewing (default: 16 bits, unscaled)',
    )
    windows = list(options(EventsConfig))
    for item in windows:
        parser.add_argument(
            f'--{item.name.replace("_", "-")}',
            type=item.type,
            default=item.default,
            help=_help(item),
        )
    given = parser.parse_args(args)

    def work() -> None:
        check_range('--scale', given.scale, 0.0, 1e6)
        events = from_flat(EventsConfig, {item.name: getattr(given, item.name) for item in windows})
        config = replace(BagInputConfig(type='events', topic=given.topic), events=events)
        count = events_to_frames(given.bag, given.folder, config, given.scale)
        print(f'{given.folder}: {count} images')

    return guarded(work)


def _help(item: Option) -> str:
    text = f'{item.rule.doc} (default: {item.default})'
    return text.replace('%', '%%')


if __name__ == '__main__':
    sys.exit(main())
