"""The demo's two recordings of one route as bags, and the ground truth of the second."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin
from pathlib import Path
from typing import Callable

import numpy as np
from tqdm import tqdm

from ..config import PlacesConfig
from ..errors import ImageError, SourceError
from ..evaluation.truth import GroundTruth, from_nearest, widened, within_places
from ..frames import Pose
from ..maps.map import Map
from ..sources.bag_writer import BagWriter
from ..sources.cdr import IMAGE
from ..sources.folder import image_files, read_image
from ..sources.image_bag import ODOMETRY, image_message, odometry_message
from ..sources.kinds import IMAGE_SUFFIXES
from ..tools.images_to_bag import images_to_bag
from .route import QUERY, REFERENCE, RenderedDrive
from .world import World

IMAGE_TOPIC = '/camera/image_raw'
ODOMETRY_TOPIC = '/odom'

# Distance between places of the rendered route, in metres.
SPACING = 2.0
# In words, when a match is correct: what confidence promises.
CORRECT_WHEN = within_places(PlacesConfig().tolerance)


@dataclass(frozen=True)
class Recordings:
    """
    Two bags of one route.

    trainer: parameters for trainer_node besides bags and map. truth: makes the ground truth of
    the query from the trained map. correct_when: its tolerance in words. topic: the input of
    vpr_node, whose own name of it is `input_name`.
    """

    reference: Path
    query: Path
    trainer: dict[str, str]
    truth: Callable[[Map], GroundTruth]
    correct_when: str
    topic: str = IMAGE_TOPIC
    input_name: str = 'image'


def render_route(folder: Path, length: float, rate: float) -> Recordings:
    """Drive through the demo's world twice and record camera and odometry."""
    recordings, drives = plan_route(folder, length, rate)
    for path, drive in zip((recordings.reference, recordings.query), drives):
        render_drive(drive, path)
    return recordings


def plan_route(
    folder: Path, length: float, rate: float
) -> tuple[Recordings, tuple[RenderedDrive, RenderedDrive]]:
    """Return what `render_route` records in a folder, and the two drives to render."""
    world = World(length=length)
    reference = RenderedDrive(world, REFERENCE, frame_distance=0.5, rate=rate)
    query = RenderedDrive(world, QUERY, frame_distance=1.0, rate=rate)

    def truth(built: Map) -> GroundTruth:
        along = dict(zip(reference.stamps_ns.tolist(), reference.distances.tolist()))
        places = np.array([along[place.stamp_ns] for place in built.places])
        return promised(from_nearest(query.stamps_ns, query.distances, places), built)

    recordings = Recordings(
        folder / 'reference',
        folder / 'query',
        {'places.by': 'metres', 'places.spacing': str(SPACING)},
        truth,
        CORRECT_WHEN,
    )
    return recordings, (reference, query)


def promised(truth: GroundTruth, built: Map) -> GroundTruth:
    """Return the truth with the places within the tolerance of the map."""
    return widened(truth, built.parts(), built.config.places.tolerance)


def convert_folder(
    folder: Path, data: Path, reference: str, query: str, names: str, places: int, rate: float
) -> Recordings:
    """
    Turn two traverses of a data set into bags: equal file names are the same place.

    :param reference, query: subfolders of `data`; empty for its first and second.
    :param names: text file with the names to use; empty for filtered_names.txt or names.txt in
        `data` if there is one, else all names that both traverses have.
    :raises SourceError: if the folder does not hold two traverses with names in common.
    """
    if not data.is_dir():
        raise SourceError(f'{data}: no such folder')
    found = [
        path.name
        for path in sorted(data.iterdir())
        if path.is_dir() and any(file.suffix.lower() in IMAGE_SUFFIXES for file in path.iterdir())
    ]
    chosen = [
        reference or (found[0] if found else ''),
        query or next((name for name in found if name != (reference or found[0])), ''),
    ]
    for name in chosen:
        if name not in found:
            raise SourceError(
                f'{data}: expected two subfolders of images, one for each traverse '
                '(REFERENCE and QUERY choose them), found '
                f'{", ".join(found) or "none"}'
            )
    shared = _shown(data, chosen, _shared_names(data, chosen, names), places)
    paths = folder / 'reference', folder / 'query'
    stamps: list[int] = []
    for path, name in zip(paths, chosen):
        files = [data / name / file for file in shared]
        stamps = images_to_bag(
            tqdm(files, desc=f'recording {path.name} ({name})', unit='image', disable=None),
            path,
            topic=IMAGE_TOPIC,
            rate=rate,
        )

    def truth(built: Map) -> GroundTruth:
        # Equal stamps in both recordings are the same place.
        number = {place.stamp_ns: place_number for place_number, place in enumerate(built.places)}
        correct = np.array([number.get(stamp, -1) for stamp in stamps], np.int64)
        return promised(GroundTruth(np.array(stamps, np.int64), correct, correct), built)

    return Recordings(paths[0], paths[1], {'places.by': 'frames'}, truth, CORRECT_WHEN)


def _shared_names(data: Path, chosen: list[str], names: str) -> list[str]:
    lists = [data / name for name in ('filtered_names.txt', 'names.txt')]
    listed = names or next((str(file) for file in lists if file.is_file()), '')
    if listed:
        return [file.name for file in image_files(data / chosen[0], listed)]
    present = {file.name for file in image_files(data / chosen[1])}
    return [file.name for file in image_files(data / chosen[0]) if file.name in present]


def _shown(data: Path, chosen: list[str], names: list[str], places: int) -> list[str]:
    """Return the first names whose images have contrast in both traverses."""
    shown: list[str] = []
    blank = 0
    for name in names:
        if len(shown) == places:
            break
        try:
            for traverse in chosen:
                read_image(data / traverse / name)[0].check_contrast()
            shown.append(name)
        except ImageError:
            blank += 1
    if blank:
        print(f'{blank} names left out: an image without contrast (all black or white)')
    if len(shown) < 2:
        raise SourceError(
            f'{data}: {chosen[0]} and {chosen[1]} have {len(shown)} usable images '
            'of the same name, expected at least 2: equal names are the same place'
        )
    return shown


def render_drive(drive: RenderedDrive, path: Path) -> None:
    """Record camera and odometry of a drive through the demo's world as a bag."""
    with BagWriter(path) as bag:
        for frame in tqdm(
            drive, desc=f'recording {path.name} (rendered)', unit='image', disable=None
        ):
            pose = Pose(
                (frame.x, frame.y, 0.0), (0.0, 0.0, sin(frame.yaw / 2), cos(frame.yaw / 2)), 'odom'
            )
            bag.write(
                ODOMETRY_TOPIC,
                ODOMETRY,
                frame.stamp_ns,
                odometry_message(frame.stamp_ns, pose, 'base_link'),
            )
            bag.write(
                IMAGE_TOPIC,
                IMAGE,
                frame.stamp_ns,
                image_message(frame.stamp_ns, frame.image, 'rgb8', 'camera'),
            )
