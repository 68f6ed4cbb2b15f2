"""Writing the folder of a map, synchronised to disk before it gets its name."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import Callable, Mapping

from ..config import TrainerConfig
from ..options import to_tree
from .calibration_tree import calibration_tree
from .cameras import VIEWS
from .checked_file import digest_of_file
from .document import MAP, Document, checksums_in, read_document, version_of, with_digest
from .map import FORMAT_VERSION, Map
from .model_file import MODEL, naming_model, write_model
from .network_file import NETWORK, write_network
from .places_file import PLACES, write_places
from .reference_file import REFERENCE, Reference, write_reference
from .revision_tree import revision_tree
from .thumbnails_file import THUMBNAILS, write_thumbnails
from .training_file import TRAINING, write_training


def write_folder(built: Map, folder: Path) -> None:
    """Write the files of a map into a folder that has none of them, and synchronise it to disk."""
    for name, view in built.views.items():
        (folder / VIEWS / name).mkdir(parents=True)
        write_folder(view, folder / VIEWS / name)
    if built.views:
        _synchronise(folder / VIEWS)
    write_thumbnails(built.thumbnails, folder / THUMBNAILS)
    write_places(built.places, folder / PLACES)
    known: dict[str, str] = {}
    write_network(built.network, folder / NETWORK)
    write_reference(
        Reference(
            built.spikes,
            built.pixel_statistics,
            built.response_statistics,
            built.segment_statistics if len(built.parts().counts) > 1 else None,
        ),
        folder / REFERENCE,
    )
    if built.training is not None:
        known[TRAINING] = write_training(built.training, folder / TRAINING)
    config = write_model(built.config, folder)
    _write_document(built, config, folder, digests(folder, known))
    # Everything must be on the disk before the folder gets its name.
    for path in (*folder.iterdir(), folder):
        _synchronise(path)


def write_same_files(
    built: Map, source: Path, folder: Path, link: Callable[[Path, Path], None]
) -> bool:
    """
    Write a map into a folder whose files, but for map.yaml, are those of the map in another one.

    :param link: gives the files of a map a second name in another folder.
    :return: False, with nothing written, if the other one is of an earlier format.
    """
    document, _ = read_document(source)
    if version_of(document) != FORMAT_VERSION:
        return False
    same = {name: digest for name, digest in checksums_in(document).items() if name != MAP}
    link(source, folder)
    # Not written through the link, which is the file of the other map.
    (folder / MAP).unlink()
    _write_document(built, naming_model(built.config), folder, same)
    # Where there are no links, all files are new.
    for path in (*folder.iterdir(), folder):
        _synchronise(path)
    return True


def _write_document(
    built: Map, config: TrainerConfig, folder: Path, digests: dict[str, str]
) -> None:
    """Write map.yaml; config: as it is to be kept; digests: of the other files."""
    document: Document = {
        'format_version': FORMAT_VERSION,
        **{key: value for key, value in built.provenance.items() if key != 'edits'},
        'sensor': built.sensor._asdict(),
        'origin': list(built.origin) if built.origin else None,
        'places': len(built.places),
        **({'cameras': [built.camera, *built.views]} if built.views else {}),
        **revision_tree(built),
        'confidence': calibration_tree(built.calibration),
        'config': to_tree(config),
        'checksums': digests,
    }
    (folder / MAP).write_text(with_digest(document), encoding='utf-8')


def digests(folder: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """
    Return the digests of the files of a map of this format.

    :param known: those that need not be computed.
    """
    names = [PLACES, NETWORK, REFERENCE, THUMBNAILS]
    names += [name for name in (MODEL, TRAINING) if (folder / name).exists()]
    return {name: known.get(name) or digest_of_file(folder / name) for name in names}


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
