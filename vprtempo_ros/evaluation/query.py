"""The query of an evaluation, read once and kept as spikes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..arrays import Spikes
from ..config import BagInputConfig, PosesConfig
from ..encoding.adaptation import Adaptation
from ..errors import SourceError
from ..frames import Frame, Image, Pose
from ..maps.camera_reading import bag_of_camera
from ..maps.cameras import nearest_frames
from ..maps.map import Map
from ..sources.bags import is_bag
from ..sources.poses import Origin
from ..sources.traverse import Traverse, open_traverse
from ..support.paths import user_path
from ..support.progress import ProgressCallback, silent
from ..support.reasons import Reasons

T = TypeVar('T')
P = ParamSpec('P')


@dataclass(frozen=True)
class QueryConfig:
    """
    Which frames of a recording are read: source, poses, number of frames, sizes accepted.

    topics: of the other cameras of the map by name, where they are not those of its training.
    """

    input: BagInputConfig
    poses: PosesConfig
    count: int = 0
    any_size: bool = False
    topics: Mapping[str, str] = field(default_factory=dict)


class View(NamedTuple):
    """
    What another camera saw.

    spikes: uint8 (frames, inputs) of its own frames; rows: int64 (queries,), for each frame of the
    query the number of the one that is nearest in time, -1: none.
    """

    spikes: Spikes
    rows: NDArray[np.int64]


class _Numbered(NamedTuple):
    """A frame without its image."""

    stamp_ns: int
    number: int


@dataclass(frozen=True)
class Query:
    """
    The frames of a recording, encoded for the network; images are not kept.

    stamps: int64 ns (frames,); names: in the recording; spikes: uint8 (frames, inputs);
    decode_ms, encode_ms: float64 (frames,), times of each frame; recorded: frames in the recording,
    including those not read; skipped: number of unreadable frames by reason; origin: latitude,
    longitude and altitude of (0, 0, 0) if poses are from GPS; missing: lines on gaps and clocks;
    timed: whether stamps are times, not numbers of image files; others: what the other cameras of
    the map saw, by name.
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
    missing: tuple[str, ...] = ()
    timed: bool = True
    others: Mapping[str, View] = field(default_factory=dict)

    def shown(self, cameras: Iterable[str], number: int) -> dict[str, Spikes]:
        """Return the spikes of a frame of the query by camera, of those that have one."""
        found = {}
        for camera in cameras:
            if camera not in self.others:
                found[camera] = self.spikes[number]
            elif (row := int(self.others[camera].rows[number])) >= 0:
                found[camera] = self.others[camera].spikes[row]
        return found

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamps)


def read_query(
    path: str, loaded: Map, config: QueryConfig, progress: ProgressCallback = silent
) -> Query:
    """
    Read and encode a recording with the map's encoder, of several cameras with that of each.

    Memory: one byte per input and frame (28x28 pixels and 27,000 frames: 21 MB).

    :raises SourceError: if it cannot be read, is empty, or has images of a different size.
    """
    if not loaded.views:
        return _read_camera(path, loaded, config, progress)
    query = _read_camera(bag_of_camera(path, loaded.camera), loaded, config, progress)
    others = {}
    for name, view in loaded.views.items():
        # Which of its frames belong to the query shows by their stamps.
        own = replace(
            config.input, topic=config.topics.get(name, view.config.input.topic), start=0, names=''
        )
        seen = _read_camera(
            bag_of_camera(path, name),
            view,
            QueryConfig(own, PosesConfig(topic='none'), any_size=config.any_size),
            progress,
        )
        others[name] = View(seen.spikes, _nearest(seen.stamps, query.stamps, name, path))
    return replace(query, path=path, others=others)


def _nearest(
    stamps: NDArray[np.int64], wanted: NDArray[np.int64], name: str, path: str
) -> NDArray[np.int64]:
    """
    Return the numbers of the frames of a camera that are nearest to those of the first one.

    :raises SourceError: if there are none.
    """
    rows = np.full(len(wanted), -1, np.int64)
    numbered = [_Numbered(stamp, number) for number, stamp in enumerate(stamps.tolist())]
    places = [_Numbered(stamp, number) for number, stamp in enumerate(wanted.tolist())]
    for at, frame in nearest_frames(numbered, places):
        rows[at] = frame.number
    if (rows < 0).all():
        raise SourceError(
            f'{path}: no frame of camera {name} is of the time of one of the first camera: do '
            'their clocks agree, and were both recorded all along?'
        )
    return rows


def _read_camera(path: str, loaded: Map, config: QueryConfig, progress: ProgressCallback) -> Query:
    """Read and encode the frames of one camera."""
    traverse, origin = open_traverse(path, config.input, config.poses, loaded.origin)
    encode = _encoder(loaded)
    stamps: list[int] = []
    names: list[str] = []
    poses: list[Pose | None] = []
    decode_ms: list[float] = []
    encode_ms: list[float] = []
    total = _expected(traverse, config)
    # Grows as one block; a list of arrays would have to be copied once more.
    spikes = bytearray()
    for frame, took in _frames(traverse, config):
        _check_size(frame.image, loaded, path, config.any_size)
        if not stamps:
            _encoder(loaded)(frame.image)  # The first call of each library is slow.
        progress(f'reading {Path(path).name}', len(stamps), total)
        row, encoding = timed(encode, frame.image)
        spikes += row.tobytes()
        stamps.append(frame.stamp_ns)
        names.append(frame.name)
        poses.append(frame.pose)
        decode_ms.append(took if frame.decode_ms is None else frame.decode_ms)
        encode_ms.append(encoding)
    progress(f'reading {Path(path).name}', total, total)
    if not stamps:
        why = '; '.join(traverse.completeness.lines()) or 'all frames were left out'
        raise SourceError(f'{path}: expected query frames, found none ({why})')
    return Query(
        path,
        np.array(stamps, np.int64),
        names,
        poses,
        np.frombuffer(spikes, np.uint8).reshape(len(stamps), -1),
        np.array(decode_ms),
        np.array(encode_ms),
        len(traverse) + config.input.start,
        dict(traverse.completeness.skipped),
        origin,
        tuple(replace(traverse.completeness, skipped=Reasons()).lines()),
        not _is_folder_of_images(path),
    )


def _is_folder_of_images(path: str) -> bool:
    where = user_path(path)
    return where.is_dir() and not is_bag(where)


def _encoder(loaded: Map) -> Callable[[Image], NDArray[np.uint8]]:
    """Return the function from images, in their order, to spikes for the network."""
    encode = loaded.encoder
    if not loaded.config.encoding.adapt:
        return encode
    adapt = Adaptation(loaded.pixel_statistics)
    return lambda image: adapt(encode(image))


def read_images(path: str, config: QueryConfig, wanted: set[int]) -> dict[int, Image]:
    """Read the images of a few frames by their numbers in the query, up to the last of them."""
    if not wanted:
        return {}
    traverse, _ = open_traverse(path, config.input, PosesConfig(topic='none'))
    found: dict[int, Image] = {}
    for number, (frame, _) in enumerate(_frames(traverse, config)):
        if number in wanted:
            found[number] = replace(frame.image, pixels=frame.image.pixels.copy())
        if number >= max(wanted):
            break
    return found


def timed(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> tuple[T, float]:
    """Return the result of a call and its duration in ms."""
    begin = time.perf_counter()
    result = work(*arguments, **named)
    return result, (time.perf_counter() - begin) * 1e3


def _expected(traverse: Traverse, config: QueryConfig) -> int:
    return min(len(traverse), config.count) if config.count else len(traverse)


def _frames(traverse: Traverse, config: QueryConfig) -> Iterator[tuple[Frame, float]]:
    """Yield the frames and the time to read and decode each, in ms."""
    frames = iter(traverse)
    number = 0
    while not config.count or number < config.count:
        frame, took = timed(lambda: next(frames, None))
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
