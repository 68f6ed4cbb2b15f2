"""The query of an evaluation: read once, kept as spikes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..config import BagInputConfig, PosesConfig
from ..encoding.adaptation import Adaptation
from ..encoding.encoders import encoder_for
from ..errors import SourceError
from ..frames import Frame, Image, Pose
from ..maps.map import Map
from ..sources.poses import Origin
from ..sources.traverse import Traverse, open_traverse
from ..support.progress import ProgressCallback, silent

T = TypeVar('T')


@dataclass(frozen=True)
class Reading:
    """Which frames of a recording are read: as `evaluate` takes it, and as the node would."""

    input: BagInputConfig
    poses: PosesConfig
    count: int = 0
    any_size: bool = False


@dataclass(frozen=True)
class Query:
    """
    The frames of a recording as the network sees them; of the images nothing is kept.

    stamps: int64 ns (frames,); names: in the recording; spikes: uint8 (frames, inputs);
    decode_ms, encode_ms: float64 (frames,), times for each; recorded: frames in the recording,
    with those that were not read; skipped: reasons why frames were unreadable, with their number;
    origin: latitude, longitude and altitude of (0, 0, 0) where poses come from GPS.
    """

    path: str
    stamps: NDArray[np.int64]
    names: list[str]
    poses: list[Pose | None]
    spikes: NDArray[np.uint8]
    decode_ms: NDArray[np.float64]
    encode_ms: NDArray[np.float64]
    recorded: int
    skipped: dict[str, int]
    origin: Origin | None

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamps)


def read_query(
    path: str, loaded: Map, reading: Reading, progress: ProgressCallback = silent
) -> Query:
    """
    Read and encode a recording with the map's own encoder.

    Memory: a byte an input and frame (28x28 pixels and 27,000 frames: 21 MB).

    :raises SourceError: if it cannot be read, holds nothing, or images of another size.
    """
    traverse, origin = open_traverse(path, reading.input, reading.poses, loaded.origin)
    encode = _encoder(loaded)
    stamps: list[int] = []
    names: list[str] = []
    poses: list[Pose | None] = []
    decode_ms: list[float] = []
    encode_ms: list[float] = []
    total = _expected(traverse, reading)
    # Grows by itself in one block, where a list of arrays would have to be copied in the end.
    spikes = bytearray()
    for frame, took in _frames(traverse, reading):
        _check_size(frame.image, loaded, path, reading.any_size)
        if not stamps:
            _encoder(loaded)(frame.image)  # The first use of each library is slow.
        progress(f'reading {Path(path).name}', len(stamps), total)
        row, encoding = timed(encode, frame.image)
        spikes += row.tobytes()
        stamps.append(frame.stamp_ns)
        names.append(frame.name)
        poses.append(frame.pose)
        decode_ms.append(took)
        encode_ms.append(encoding)
    progress(f'reading {Path(path).name}', total, total)
    if not stamps:
        why = ', '.join(traverse.skipped) or 'nothing is left of it'
        raise SourceError(f'{path}: expected query frames, found none ({why})')
    inputs = loaded.config.encoding.width * loaded.config.encoding.height
    return Query(
        path,
        np.array(stamps, np.int64),
        names,
        poses,
        np.frombuffer(spikes, np.uint8).reshape(-1, inputs),
        np.array(decode_ms),
        np.array(encode_ms),
        len(traverse) + reading.input.start,
        dict(traverse.skipped),
        origin,
    )


def _encoder(loaded: Map) -> Callable[[Image], NDArray[np.uint8]]:
    """Return what makes an image what the network takes, frame after frame."""
    encode = encoder_for(loaded.config)
    if not loaded.config.encoding.adapt:
        return encode
    adapt = Adaptation(loaded.pixel_statistics)
    return lambda image: adapt(encode(image))


def read_images(path: str, reading: Reading, wanted: set[int]) -> dict[int, Image]:
    """Read the images of a few frames by their number in the query, no further than needed."""
    if not wanted:
        return {}
    traverse, _ = open_traverse(path, reading.input, PosesConfig(topic='none'))
    found: dict[int, Image] = {}
    for number, (frame, _) in enumerate(_frames(traverse, reading)):
        if number in wanted:
            found[number] = Image(frame.image.pixels.copy(), frame.image.weights)
        if number >= max(wanted):
            break
    return found


def timed(work: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    """Return the result of a call and how long it took, in ms."""
    begin = time.perf_counter()
    result = work(*arguments)
    return result, (time.perf_counter() - begin) * 1e3


def _expected(traverse: Traverse, reading: Reading) -> int:
    return min(len(traverse), reading.count) if reading.count else len(traverse)


def _frames(traverse: Traverse, reading: Reading) -> Iterator[tuple[Frame, float]]:
    """Yield the frames and how long each took to be read and decoded, in ms."""
    frames = iter(traverse)
    number = 0
    while not reading.count or number < reading.count:
        frame, took = timed(next, frames, None)
        if frame is None:
            return
        yield frame, took
        number += 1


def _check_size(image: Image, loaded: Map, path: str, any_size: bool) -> None:
    expected = loaded.image_size()
    if (image.width, image.height) != expected and not any_size:
        raise SourceError(
            f'{path}: expected images of {expected[0]}x{expected[1]} pixels as in '
            f'the map, found {image.width}x{image.height} '
            '(--set input.any_size=true accepts it)'
        )
