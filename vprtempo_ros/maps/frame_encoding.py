"""What a map keeps of each frame that becomes a place, computed in this process or in several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Iterator, NamedTuple

import cv2

from ..arrays import Spikes
from ..config import TrainerConfig
from ..encoding.augmentation import reduced
from ..errors import MapError
from ..executors.ordered import in_order
from ..frames import Image
from ..support.progress import ProgressCallback
from .samples import SampleEncoder, TrialEncoder

_THUMBNAIL_WIDTH = 160
# Frames that are encoded at a time, and bytes of them.
_FRAMES, _BYTES = 16, 1 << 22
# Frames that this process encodes before it starts others, which takes as long.
_ALONE = 200


class Sample(NamedTuple):
    """A frame to be encoded; tried: trials are made of it too."""

    image: Image
    tried: bool


class EncodedFrame(NamedTuple):
    """
    What is kept of a frame.

    spikes: uint8 (variants, inputs); thumbnail: a JPEG; trials: uint8 (kinds, inputs), if tried.
    """

    spikes: Spikes
    thumbnail: bytes
    trials: Spikes | None


@dataclass(frozen=True)
class EncodingTask:
    """Frames of a recording that follow each other, and the image before the first of them."""

    path: str
    config: TrainerConfig
    samples: list[Sample]
    before: Image


class Encoders:
    """The encoders of a configuration."""

    def __init__(self, config: TrainerConfig) -> None:
        """
        Prepare them.

        :raises ConfigError: if a setting does not fit the input.
        """
        self.samples = SampleEncoder(config)
        self.trials = TrialEncoder(self.samples.frame, config.training.seed)


# Of the stream that this process works on, if it was started for one.
_kept: list[tuple[TrainerConfig, Encoders]] = []


def encode_frames(task: EncodingTask, progress: ProgressCallback) -> list[EncodedFrame]:
    """Return what is kept of frames, in a process that works on nothing else."""
    if not _kept or _kept[0][0] != task.config:
        _kept[:] = [(task.config, Encoders(task.config))]
    return _encoded(task, _kept[0][1])


def _encoded(task: EncodingTask, encode: Encoders) -> list[EncodedFrame]:
    before, found = reduced(task.before), []
    for image, tried in task.samples:
        small = reduced(image)
        trials = encode.trials(small, before) if tried else None
        found.append(EncodedFrame(encode.samples(image, small), thumbnail(image), trials))
        before = small
    return found


def encoded(
    samples: Iterable[Sample], path: str, config: TrainerConfig, encode: Encoders, workers: int
) -> Iterator[EncodedFrame]:
    """
    Yield what is kept of the frames of a recording, in order.

    :param encode: the encoders of `config`, for this process.
    :param workers: processes that encode; the result does not depend on their number.
    """
    tasks, alone = _tasks(samples, path, config), 0
    for task in tasks:
        yield from _encoded(task, encode)
        alone += len(task.samples)
        if workers > 1 and alone >= _ALONE:
            break
    for group in in_order(encode_frames, tasks, workers):
        yield from group


def _tasks(samples: Iterable[Sample], path: str, config: TrainerConfig) -> Iterator[EncodingTask]:
    """Yield tasks of a few frames each."""
    group: list[Sample] = []
    before: Image | None = None
    for image, tried in samples:
        # What decodes the image again cannot travel, and encoders that need it have it by now.
        group.append(Sample(replace(image, original=None), tried))
        if len(group) == _FRAMES or sum(each.image.pixels.nbytes for each in group) > _BYTES:
            yield EncodingTask(path, config, group, before or group[0].image)
            before, group = group[-1].image, []
    if group:
        yield EncodingTask(path, config, group, before or group[0].image)


def thumbnail(image: Image) -> bytes:
    """Return a small grey JPEG of the frame."""
    height = max(1, round(image.height * _THUMBNAIL_WIDTH / image.width))
    grey = image.shown()
    if image.width > _THUMBNAIL_WIDTH:
        grey = cv2.resize(grey, (_THUMBNAIL_WIDTH, height), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode('.jpg', grey, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise MapError('OpenCV cannot write JPEG thumbnails: its build lacks the codec')
    return bytes(data)
