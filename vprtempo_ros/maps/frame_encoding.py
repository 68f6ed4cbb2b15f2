"""What a map keeps of each frame that becomes a place, computed in this process or in several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Iterator, NamedTuple

import cv2

from ..arrays import Spikes
from ..config import TrainerConfig
from ..encoding.augmentation import reduced
from ..encoding.encoder import Compiles
from ..errors import MapError
from ..executors.ordered import streamed
from ..frames import Image
from ..support.progress import ProgressCallback
from .samples import SampleEncoder, TrialEncoder

_THUMBNAIL_WIDTH = 160
# Frames that are encoded at a time, and bytes of them.
_FRAMES, _BYTES = 16, 1 << 22
# Frames that this process encodes before it starts others, which takes as long.
_ALONE = 200
# Frames that a process encodes before it compiles the encoder, which saves as much time of as many
# more as it takes.
_COMPILED_FROM = 400


class EncodedFrame(NamedTuple):
    """
    What is kept of a frame.

    spikes: uint8 (variants, inputs); thumbnail: a JPEG; trial: uint8 (inputs,), if asked for.
    """

    spikes: Spikes
    thumbnail: bytes
    trial: Spikes | None


@dataclass(frozen=True)
class EncodingTask:
    """Frames of a recording; tried: trials are made of them too."""

    path: str
    config: TrainerConfig
    images: list[Image]
    tried: bool


class Encoders:
    """The encoders of a configuration."""

    def __init__(self, config: TrainerConfig) -> None:
        """
        Prepare them.

        :raises ConfigError: if a setting does not fit the input.
        """
        self.samples = SampleEncoder(config)
        self.trials = TrialEncoder(self.samples.frame, config.training.seed)
        self._encoded = 0

    def count(self, frames: int) -> None:
        """Count frames that are to be encoded; of many, the encoder is compiled."""
        before, self._encoded = self._encoded, self._encoded + frames
        encoder = self.samples.frame
        if before < _COMPILED_FROM <= self._encoded and isinstance(encoder, Compiles):
            encoder.compile()


# Of the stream that this process works on, if it was started for one.
_kept: list[tuple[TrainerConfig, Encoders]] = []


def encode_frames(task: EncodingTask, progress: ProgressCallback) -> list[EncodedFrame]:
    """Return what is kept of frames, in a process that works on nothing else."""
    if not _kept or _kept[0][0] != task.config:
        _kept[:] = [(task.config, Encoders(task.config))]
    return _encoded(task, _kept[0][1])


def _encoded(task: EncodingTask, encode: Encoders) -> list[EncodedFrame]:
    encode.count(len(task.images))
    found = []
    for image in task.images:
        small = reduced(image)
        trial = encode.trials(small) if task.tried else None
        found.append(EncodedFrame(encode.samples(image, small), thumbnail(image), trial))
    return found


def encoded(
    images: Iterable[Image],
    path: str,
    config: TrainerConfig,
    encode: Encoders,
    tried: bool,
    workers: int,
) -> Iterator[EncodedFrame]:
    """
    Yield what is kept of the frames of a recording, in order.

    :param encode: the encoders of `config`, for this process; tried: make trials too.
    :param workers: processes that encode; the result does not depend on their number.
    """
    tasks, alone = _tasks(images, path, config, tried), 0
    for task in tasks:
        yield from _encoded(task, encode)
        alone += len(task.images)
        if workers > 1 and alone >= _ALONE:
            break
    for group in streamed(encode_frames, tasks, workers):
        yield from group


def _tasks(
    images: Iterable[Image], path: str, config: TrainerConfig, tried: bool
) -> Iterator[EncodingTask]:
    """Yield tasks of a few frames each."""
    group: list[Image] = []
    for image in images:
        # What decodes the image again cannot travel, and encoders that need it have it by now.
        group.append(replace(image, original=None))
        if len(group) == _FRAMES or sum(each.pixels.nbytes for each in group) > _BYTES:
            yield EncodingTask(path, config, group, tried)
            group = []
    if group:
        yield EncodingTask(path, config, group, tried)


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
