"""
Maps on disk: saving and loading a folder that people can read and programs check.

The folder is written next to its destination and exchanged with it in one step: after a crash there
is the old map or the new one. Everything is checked when it is loaded.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..config import TrainerConfig
from ..encoding.encoder import encoder_for
from ..errors import ConfigError, MapError, VprError
from ..options import from_tree
from ..sources.completeness import completeness_from, completeness_tree
from ..sources.poses import Origin
from ..support.paths import check_makeable, user_path
from .calibration_tree import calibration_from
from .cameras import VIEWS, camera_names, check_same_places
from .checked_file import Checked, digest_of_file, read_checked
from .document import MAP, Document, checksums_in, digest_in, holds_map, read_document, version_of
from .folder import write_folder
from .map import Map, Provenance, Sensor, TraverseRecord
from .model_file import MODEL, locate_model
from .network_file import NETWORK, network_in
from .places import Place
from .places_file import PLACES, places_in
from .reference_file import REFERENCE, reference_in
from .revision_tree import edits_from, labels_from, segments_from
from .swap import exchange
from .thumbnails_file import (
    OLD_THUMBNAILS,
    THUMBNAILS,
    OldThumbnails,
    Thumbnails,
    read_old_thumbnails,
)

# What a map is used from, first the file that each has.
FILES = (MAP, PLACES, NETWORK, REFERENCE, THUMBNAILS, MODEL)


def check_destination(path: str | Path, overwrite: bool) -> Path:
    """
    Return the path of a map to be written, checked; call it before training.

    :raises MapError: if something that must not be replaced exists there, or its parent folder
        cannot be written.
    """
    if not str(path):
        raise MapError('no destination given: name the folder for the map in the parameter map')
    target = user_path(path)
    try:
        empty = target.is_dir() and not any(target.iterdir())
        is_map = holds_map(target)
    except OSError as error:
        raise MapError(f'{target}: cannot be a map ({error.strerror})') from None
    if os.path.lexists(target) and not empty:
        if not is_map:
            raise MapError(
                f'{target}: exists and is not a map; it is left alone, choose another destination'
            )
        if not overwrite:
            raise MapError(
                f'{target}: there is a map already; set overwrite to replace it, or '
                'choose another destination'
            )
    try:
        check_makeable(Path(os.path.realpath(target)))
    except VprError as error:
        raise MapError(str(error)) from None
    return target


def save(built: Map, path: str | Path, overwrite: bool = False) -> Path:
    """
    Write a map as a folder, completely or not at all.

    :raises MapError: if the path exists, or cannot be written (disk full, no rights).
    """
    # Only here: a node that does not train starts faster.
    from .leftovers import remove_leftovers

    target = check_destination(path, overwrite)
    # Resolve links: the new folder must be on the same file system as the old one.
    place = Path(os.path.realpath(target))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f'.{place.name}.', dir=place.parent))
    except OSError as error:
        raise MapError(f'{target}: cannot be written ({error.strerror}); nothing changed') from None
    try:
        write_folder(built, staging)
        staging.chmod(0o755)
        exchange(staging, place)
        remove_leftovers(place)
    except OSError as error:
        raise MapError(
            f'{target}: cannot be written ({error.strerror or error}); what was there is unchanged'
        ) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def load(path: str | Path) -> Map:
    """
    Read a map and check its version, checksums, shapes and values.

    :raises MapError: in one line, if anything is wrong.
    """
    folder = user_path(path)
    try:
        loaded, views = _load(folder)
        for name in views:
            loaded.views[name], deeper = _load(folder / VIEWS / name)
            if deeper:
                raise MapError(f'{folder}: the map of camera {name} has cameras of its own')
        check_same_places(loaded.cameras, f'{folder}: ')
        return loaded
    except (OSError, UnicodeDecodeError) as error:
        raise MapError(f'{folder}: cannot be read ({error})') from None


def checksums(path: str | Path) -> dict[str, str]:
    """Return the SHA-256 digests in map.yaml of the parts of a map, and of itself."""
    return checksums_in(read_document(Path(path))[0])


def check_digest(folder: Path, name: str, digest: str, expected: dict[str, str]) -> None:
    """
    Check a part of a map against the digests that `checksums` returns.

    :raises MapError: if it is another one.
    """
    if expected.get(name) != digest:
        raise MapError(
            f'{folder}: {name} is not as it was written (checksum differs); copy '
            'the map again or train it again'
        )


def _load(folder: Path) -> tuple[Map, list[str]]:
    """Return the map in a folder, and the names of its other cameras."""
    document, text = read_document(folder)
    thumbnails_name = THUMBNAILS if version_of(document) >= 4 else OLD_THUMBNAILS
    for name in (PLACES, NETWORK, REFERENCE, thumbnails_name):
        if not (folder / name).exists():
            raise MapError(f'{folder}: {name} is missing; copy the map again or train it again')
    expected = checksums_in(document)

    def check(name: str, digest: str) -> None:
        check_digest(folder, name, digest, expected)

    check(MAP, digest_in(text, document))
    # Reading and hashing run without the GIL, while the table of places is read.
    with ThreadPoolExecutor(4, 'load') as pool:
        files = {name: pool.submit(read_checked, folder / name) for name in (NETWORK, REFERENCE)}
        opening = pool.submit(_open_thumbnails, folder / thumbnails_name)
        model = pool.submit(digest_of_file, folder / MODEL) if (folder / MODEL).exists() else None
        found = read_checked(folder / PLACES)
        check(PLACES, found.digest)
        try:
            places = places_in(found.data)
            read = {name: future.result() for name, future in files.items()}
            opened = opening.result()
        except MapError as error:
            raise MapError(f'{folder}: {error}') from None
    for name, content in read.items():
        check(name, content.digest)
    check(thumbnails_name, opened.digest)
    if model is not None:
        check(MODEL, model.result())
    try:
        loaded = _assembled(folder, document, places, read, opened)
        if document['places'] != len(places):
            raise MapError(f'expected {document["places"]} places, found {len(places)}')
    except (ConfigError, MapError, RecursionError) as error:
        raise MapError(f'{folder}: {error}') from None
    except (KeyError, TypeError) as error:
        raise MapError(f'{folder}: {MAP} lacks or misplaces {error}') from None
    if len(loaded.thumbnails) != len(places):
        raise MapError(
            f'{folder}: expected {len(places)} thumbnails, found {len(loaded.thumbnails)}'
        )
    try:
        names = camera_names(document.get('cameras'))
    except MapError as error:
        raise MapError(f'{folder}: {error}') from None
    loaded.camera = names[0] if names else ''
    return loaded, names[1:]


def _assembled(
    folder: Path,
    document: Document,
    places: list[Place],
    read: dict[str, Checked],
    opened: Thumbnails | OldThumbnails,
) -> Map:
    """Return the map in files whose checksums are right."""
    config = locate_model(_config(document), folder)
    segments = segments_from(document.get('segments'), len(places))
    encoder = encoder_for(config)
    parts = len(segments.counts) if segments else 1
    reference = reference_in(read[REFERENCE].data, len(places), encoder.length, parts)
    loaded = Map(
        config,
        places,
        network_in(read[NETWORK].data, config, encoder.length, len(places)),
        opened.check() if isinstance(opened, Thumbnails) else opened.thumbnails,
        _sensor(document['sensor']),
        reference.spikes,
        reference.pixel_statistics,
        reference.response_statistics,
        calibration_from(document['confidence'], version_of(document)),
        _provenance(document),
        _origin(document['origin']),
        segments,
        reference.segment_statistics,
        labels_from(document.get('labels'), len(places)),
    )
    loaded.encoder = encoder
    return loaded


def _open_thumbnails(path: Path) -> Thumbnails | OldThumbnails:
    return read_old_thumbnails(path) if path.name == OLD_THUMBNAILS else Thumbnails(path)


def _config(document: Document) -> TrainerConfig:
    tree = document['config']
    if version_of(document) < 3 and isinstance(tree, dict):
        # Before there were several encoders.
        encoding = tree.get('encoding')
        if isinstance(encoding, dict):
            tree = {**tree, 'encoding': {**encoding, 'encoder': 'pixels'}}
    return from_tree(TrainerConfig, tree)


def _provenance(document: Document) -> Provenance:
    software, created, traverses = (document[key] for key in ('software', 'created', 'traverses'))
    if not (isinstance(software, str) and isinstance(created, str) and isinstance(traverses, list)):
        raise TypeError('software, created or traverses')
    found: Provenance = {
        'software': software,
        'created': created,
        'traverses': [_traverse_record(each) for each in traverses],
    }
    network = document.get('network')
    if isinstance(network, str):
        found['network'] = network
    if edits := edits_from(document.get('edits')):
        found['edits'] = edits
    return found


def _traverse_record(found: object) -> TraverseRecord:
    match found:
        case {
            'source': str(source),
            'frames': int(frames),
            'used': int(used),
            'unreadable': int(unreadable),
        }:
            record: TraverseRecord = {
                'source': source,
                'frames': frames,
                'used': used,
                'unreadable': unreadable,
            }
            if isinstance(found, dict) and 'missing' in found:
                record['missing'] = completeness_tree(completeness_from(found['missing']))
            return record
    raise TypeError(f'traverses, found {found!r:.200}')


def _origin(found: object) -> Origin | None:
    if found is None:
        return None
    if not (
        isinstance(found, list)
        and len(found) == 3
        and all(isinstance(part, float) and math.isfinite(part) for part in found)
    ):
        raise MapError(
            f'{MAP}: expected latitude, longitude and altitude as origin, found {found!r}'
        )
    return found[0], found[1], found[2]


def _sensor(found: object) -> Sensor:
    match found:
        case {'type': str(kind), 'width': width, 'height': height}:
            # A bool is an int, but not a size.
            if all(type(size) is int and size > 0 for size in (width, height)):
                return Sensor(kind, width, height)
    raise MapError(f'{MAP}: expected type, width and height of the sensor, found {found!r:.200}')
