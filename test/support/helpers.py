"""Small pictures, recordings and maps for the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.errors import MapError
from vprtempo_ros.frames import Frame, Pose, grey_image
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.maps.document import digest, dump, parse
from vprtempo_ros.maps.folder import digests
from vprtempo_ros.maps.map import Map, Sensor
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.confidence import Calibration, Curve
from vprtempo_ros.matching.match import Match
from vprtempo_ros.network.network import Network
from vprtempo_ros.network.training import train
from vprtempo_ros.options import from_flat
from vprtempo_ros.sources.cdr import IMAGE, typestore, write_message
from vprtempo_ros.sources.image_bag import ODOMETRY, image_message, odometry_message
from vprtempo_ros.statistics import statistics_of

CAMERA = '/camera/image_raw'
ODOM = '/odom'
SECOND = 1_000_000_000
START = 100 * SECOND
STORAGES = ('sqlite3', 'mcap')

# For hypothesis: the same examples every time, without a deadline on a busy machine.
steady = settings(deadline=None, derandomize=True, database=None)


class Record(NamedTuple):
    """A message to be recorded."""

    topic: str
    type: str
    stamp_ns: int
    message: Any


def picture(number: int, height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """Return a grey picture with structure at several scales, different for each number."""
    rng = np.random.default_rng(number)
    coarse = cv2.resize(rng.random((4, 5)), (width, height), interpolation=cv2.INTER_CUBIC)
    fine = rng.random((height, width))
    return (np.clip(0.75 * coarse + 0.25 * fine, 0, 1) * 255).astype(np.uint8)


def images(
    pictures: Iterable[NDArray[Any]],
    *,
    topic: str = CAMERA,
    encoding: str = 'mono8',
    start_ns: int = START,
    period_ns: int = SECOND,
) -> Iterator[Record]:
    """Yield the pictures as recorded images, one a period."""
    for number, pixels in enumerate(pictures):
        stamp = start_ns + number * period_ns
        yield Record(topic, IMAGE, stamp, image_message(stamp, pixels, encoding, 'camera'))


def odometry(
    positions: Iterable[Sequence[float]],
    *,
    topic: str = ODOM,
    start_ns: int = START,
    period_ns: int = SECOND,
    frame_id: str = 'odom',
) -> Iterator[Record]:
    """Yield the positions (x, y, z) as recorded odometry, one a period."""
    for number, (x, y, z) in enumerate(positions):
        stamp = start_ns + number * period_ns
        pose = Pose((float(x), float(y), float(z)), frame_id=frame_id)
        yield Record(topic, ODOMETRY, stamp, odometry_message(stamp, pose, 'base_link'))


def write_bag(
    path: Path, records: Iterable[Record], storage: str = 'mcap', mode: str = 'none'
) -> Path:
    """Write a bag as other software would, compressed by none, message, file or storage."""
    writer = Writer(path, version=8, storage_plugin=StoragePlugin[storage.upper()])
    writer.set_compression(CompressionMode[mode.upper()], CompressionFormat.ZSTD)
    connections: dict[str, Any] = {}
    with writer:
        for record in records:
            if record.topic not in connections:
                connections[record.topic] = writer.add_connection(
                    record.topic, record.type, typestore=typestore()
                )
            writer.write(
                connections[record.topic],
                record.stamp_ns,
                write_message(record.message, record.type),
            )
    return path


def drive(
    path: Path,
    xs: Iterable[float],
    pictures: Iterable[int],
    poses: bool = True,
    start_ns: int = START,
    frame_id: str = 'odom',
) -> Path:
    """Record numbered pictures at these distances along the route."""
    xs = list(xs)
    records = list(images((picture(number) for number in pictures), start_ns=start_ns))
    if poses:
        records += odometry([(x, 0, 0) for x in xs], start_ns=start_ns, frame_id=frame_id)
    return write_bag(path, records)


def storage_file(bag: Path) -> Path:
    """Return the one storage file of a bag."""
    return next(file for file in bag.iterdir() if file.name != 'metadata.yaml')


def write_pictures(folder: Path, names: Iterable[str], start: int = 0) -> Path:
    """Write a numbered picture for each file name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), picture(start + number))
    return folder


def frame(number: int, position: Sequence[float] | None = None, stamp_ns: int = 0) -> Frame:
    """Return a numbered frame, with a pose if a position is given."""
    pose = None if position is None else Pose((position[0], position[1], position[2]))
    return Frame(stamp_ns, grey_image(picture(number)), f'frame {number}', pose)


def tiny_config(*bags: Path, **settings: Any) -> TrainerConfig:
    """Return a configuration that trains quickly; double underscores stand for dots."""
    return from_flat(
        TrainerConfig,
        {
            'bags': [str(bag) for bag in bags],
            'encoding.encoder': 'pixels',
            'encoding.width': 8,
            'encoding.height': 8,
            'encoding.patch': 3,
            'training.epochs': 2,
            'training.feature_multiplier': 1.0,
            'training.threads': 1,
            **{name.replace('__', '.'): value for name, value in settings.items()},
        },
    )


# A calibration that was not fitted.
CALIBRATION = Calibration(
    1,
    'frames of an additional traverse',
    2000,
    {'none': Curve(0.5, 0.25), 'seqslam': Curve(1.0, -0.5), 'bayes': Curve(1.5, 0.0)},
    {'none': 0.5, 'seqslam': 0.75, 'bayes': 0.875},
)


def map_around(
    network: Network,
    spikes: NDArray[np.uint8],
    config: TrainerConfig,
    places: list[Place],
    **parts: Any,
) -> Map:
    """Return the map of a network, with its true statistics of pixels and responses."""
    backend = reference_backend(network)
    responses = measure_responses(backend, spikes, config.places.tolerance)
    backend.close()
    return Map(
        **{
            'config': config,
            'places': places,
            'network': network,
            'thumbnails': [b'jpeg %d' % number for number in range(len(places))],
            'sensor': Sensor('camera', 32, 24),
            'spikes': spikes,
            'pixel_statistics': statistics_of(spikes),
            'response_statistics': responses,
            'calibration': CALIBRATION,
            **parts,
        }
    )


@lru_cache(maxsize=2)
def tiny_map(seed: int = 0) -> Map:
    """Return a map of six places with poses and an origin, two modules; not to be changed."""
    config = tiny_config(Path('route'), training__seed=seed, training__places_per_module=3)
    spikes = np.random.default_rng(1).integers(0, 256, (6, 64), np.uint8)
    network = train(spikes, np.arange(6, dtype=np.int64), config.training)
    places = [
        Place(
            START + number,
            Pose((number * 0.1, -1e-7, 1e20), (0.6, 0.0, 0.0, 0.8), 'map'),
            'route, "first"',
            f'{CAMERA}[{number}]',
        )
        for number in range(6)
    ]
    places[3] = Place(START + 3, None, 'route', 'ein\nBild ü')
    provenance = {
        'software': 'test',
        'created': '2026-01-01T00:00:00+00:00',
        'traverses': [{'source': '/bags/küche', 'frames': 6, 'used': 6, 'unreadable': 0}],
    }
    return map_around(
        network, spikes, config, places, provenance=provenance, origin=(48.1, 11.5, 520.25)
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob('*'))
        if file.is_file()
    }


def names(folder: Path) -> list[str]:
    """Return all names in a folder, hidden ones too."""
    return sorted(entry.name for entry in folder.iterdir())


def refusal(folder: Path) -> str:
    """Return the line with which loading is refused."""
    with pytest.raises(MapError) as caught:
        load(folder)
    line = str(caught.value)
    assert str(folder) in line
    assert '\n' not in line
    return line


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit map.yaml and renew all checksums, as only a hostile or a faulty program would."""
    document = parse((folder / 'map.yaml').read_text(encoding='utf-8'))
    assert isinstance(document, dict)
    edit(document)
    document['checksums'] = digests(folder)
    document['checksums']['map.yaml'] = digest(document)
    (folder / 'map.yaml').write_text(dump(document), encoding='utf-8')


def unchanged(document: dict[str, Any]) -> None:
    """Change nothing in map.yaml except its checksums."""


def match_of(places: list[int], confidences: list[float]) -> Match:
    """Return a match of these places; without any, that of an unknown place."""
    empty = np.empty(0, np.float32)
    return Match(
        np.array(places, np.intp), np.array(confidences), empty, empty, empty.astype(np.float64)
    )
