"""
Revisions of a map on disk: an edit replaces the map in one step and keeps the one before it.

The folder of a map contains the previous revision as a folder `previous`, whose unchanged files are
links. So an edit, with what undoes it, is one exchange of folders: at any moment there is the map
before or after.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Iterator

from ..errors import MapError, VprError
from ..network.training import is_closed_form
from ..support.paths import check_makeable, user_path
from ..support.progress import ProgressCallback, silent
from ..version import __version__
from .building import fit_map, now
from .cameras import VIEWS
from .checked_file import digest_of
from .content import MapContent
from .document import MAP
from .edit_lock import locked
from .editing import labelled
from .folder import write_folder, write_same_files
from .leftovers import remove_leftovers
from .map import EditRecord, Map, Provenance
from .model_file import MODEL
from .store import check_destination, check_digest, checksums, load, save
from .swap import exchange
from .training_command import training_command
from .training_data import TrainingData
from .training_file import TRAINING, Size, read_training

PREVIOUS = 'previous'
Edit = Callable[[MapContent], MapContent]


@dataclass(frozen=True)
class Opened:
    """A map on disk with what it is made from, and the checksums it had."""

    map: Map
    content: MapContent
    checksums: dict[str, str]


def load_editable(path: str | Path) -> Map:
    """
    Load a map that can be edited, without what its network is computed from.

    :raises MapError: in one line, if anything is wrong or the map cannot be edited.
    """
    folder = user_path(path)
    loaded = load(folder)
    if reason := obstacle(loaded, folder):
        raise MapError(f'{folder}: {reason}')
    return loaded


def load_content(path: str | Path) -> Opened:
    """
    Load a map with what its network is computed from.

    :raises MapError: in one line, if anything is wrong or the map cannot be edited.
    """
    folder = user_path(path)
    loaded, expected = load_editable(folder), checksums(folder)
    content = MapContent(
        # The map may have been moved, and what is read for it is kept next to it.
        replace(loaded.config, map=str(folder)),
        loaded.encoder,
        loaded.places,
        loaded.parts(),
        loaded.thumbnails,
        loaded.sensor,
        loaded.origin,
        loaded.provenance['traverses'],
        load_training(loaded, folder),
        loaded.labels,
    )
    return Opened(loaded, content, expected)


def load_training(loaded: Map, folder: Path) -> TrainingData:
    """
    Return what the network of a map is computed from, which loading the map leaves out.

    :raises MapError: if it is missing or damaged, or the map in the folder is another one by now.
    """
    # Many samples are read when they are used, from the file that was checked, which an edit
    # replaces and does not change.
    with (folder / TRAINING).open('rb') as file:
        check_digest(folder, TRAINING, digest_of(file.fileno()), checksums(folder))
        size = Size(len(loaded.places), loaded.encoder.length, len(loaded.provenance['traverses']))
        try:
            return read_training(file, size, loaded.config.encoding.adapt)
        except MapError as error:
            raise MapError(f'{folder}: {error}') from None


def obstacle(loaded: Map, folder: Path) -> str:
    """Return why the places of a map on disk cannot be edited; empty: they can."""
    if not is_closed_form(loaded.config.training):
        return (
            'only maps of the default training can be edited (training.method stdp, '
            f'outputs ridge, readout linear, quantize none): {training_command(loaded, folder)}'
        )
    if not (folder / TRAINING).is_file():
        return (
            'this map holds no training data, as those of formats 2 and 3 do not, and of '
            f'training.keep_samples false: {training_command(loaded, folder)}'
        )
    return ''


def edit(path: str | Path, name: str, change: Edit, progress: ProgressCallback = silent) -> Map:
    """
    Change what a map is made from, and replace the map by the one trained from the result.

    :param name: what is done, for the provenance.
    :return: the new revision.
    :raises MapError: if the map cannot be edited, which is then unchanged, or is being edited.
    """
    with _editing(path) as folder:
        opened = load_content(folder)
        content, expected = change(opened.content), opened.checksums
        provenance = _provenance(opened.map, content, name)
        # Of large maps it takes memory that the next revision needs.
        del opened
        built = fit_map(content, provenance, progress)
        _commit(lambda staging: write_folder(built, staging), folder, expected)
        remove_leftovers(folder)
        return built


def label(path: str | Path, place: int, name: str) -> Map:
    """
    Name a place; an empty name removes its label. Maps of any training can have labels.

    :return: the new revision.
    :raises MapError: as `edit`.
    """
    with _editing(path) as folder:
        loaded, expected = load(folder), checksums(folder)
        labels = labelled(loaded.labels, place, name, len(loaded.places))
        if labels == loaded.labels:
            # Another revision would take the place of the one that can be put back.
            found = f'the label {labels[place]!r}' if place in labels else 'no label'
            raise MapError(f'{folder}: place {place} has {found} already; nothing to change')
        what = f'label {place} {name}' if place in labels else f'remove the label of {place}'
        provenance: Provenance = {
            **loaded.provenance,
            'edits': [*loaded.provenance.get('edits', []), _record(loaded, what)],
        }
        built = replace(loaded, labels=labels, provenance=provenance)

        def write(staging: Path) -> None:
            if write_same_files(built, folder, staging, _link_files):
                return
            if (folder / TRAINING).is_file():
                built.training = load_training(loaded, folder)
            write_folder(built, staging)

        _commit(write, folder, expected)
        return built


def check_new(path: str | Path) -> Path:
    """
    Return the path of a map that edits make of others, checked; call it before their work.

    :raises MapError: as `check_destination`; also if there is a map, which no edit replaces.
    """
    target = check_destination(path, overwrite=True)
    if (target / MAP).is_file():
        raise MapError(f'{target}: there is a map already; choose another destination')
    return target


def derive(
    content: MapContent,
    parents: Map,
    name: str,
    path: str | Path,
    progress: ProgressCallback = silent,
) -> Map:
    """
    Train a map of its own from the content of others, and save it where there is none yet.

    :raises MapError: if there is something at the destination, or it cannot be written.
    """
    target = check_new(path)
    place = Path(os.path.realpath(target))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MapError(f'{target}: cannot be made ({error.strerror})') from None
    with locked(place):
        content = replace(content, config=replace(content.config, map=str(path)))
        built = fit_map(content, _provenance(parents, content, name), progress)
        save(built, target)
    return built


def undo(path: str | Path) -> Map:
    """
    Put the previous revision back, as it was before the last edit.

    :return: that revision.
    :raises MapError: if there is none, or it is damaged.
    """
    with _editing(path) as folder:
        load(folder)
        previous = folder / PREVIOUS
        if not previous.is_dir():
            raise MapError(
                f'{folder}: no previous revision to go back to (only the last edit can be undone)'
            )
        restored = load(previous)
        with _staging(folder) as staging:
            _link_files(previous, staging)
            _replace(staging, folder)
        return restored


def compact(path: str | Path) -> int:
    """
    Remove the previous revision, after which the last edit cannot be undone.

    :return: the number of bytes of its files that are not shared with the map.
    :raises MapError: if there is none.
    """
    with _editing(path) as folder:
        load(folder)
        previous = folder / PREVIOUS
        if not previous.is_dir():
            raise MapError(f'{folder}: no previous revision is kept, so nothing can be removed')
        freed = sum(each.stat().st_size for each in previous.iterdir() if _only_link(each))
        # Renamed first, so that no half of a map is ever called `previous`.
        with _staging(folder) as staging:
            os.rename(previous, staging / PREVIOUS)
        return freed


def same_model(first: Opened, second: Opened) -> bool:
    """Return whether both maps have the same neural network of encoder descriptor, or none."""
    return first.checksums.get(MODEL) == second.checksums.get(MODEL)


@contextmanager
def _editing(path: str | Path) -> Iterator[Path]:
    """Hold the lock of a map, and remove what editors left behind that were killed."""
    folder = Path(os.path.realpath(user_path(path)))
    if not folder.is_dir():
        raise MapError(f'{user_path(path)}: no such map')
    if (folder / VIEWS).is_dir():
        raise MapError(
            f'{folder}: a map of several cameras cannot be edited, since all must have the same '
            'places: train it again'
        )
    with locked(folder):
        try:
            check_makeable(folder)
        except VprError as error:
            raise MapError(str(error)) from None
        left = re.compile(rf'\.{re.escape(folder.name)}\.edit-[a-z0-9_]{{8}}(\.old)?')
        for each in folder.parent.iterdir():
            if left.fullmatch(each.name):
                shutil.rmtree(each, ignore_errors=True)
        yield folder


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Provide a folder next to the map; an error while writing it leaves the map as it is."""
    staging: Path | None = None
    try:
        staging = Path(tempfile.mkdtemp(prefix=f'.{folder.name}.edit-', dir=folder.parent))
        yield staging
    except OSError as error:
        raise MapError(
            f'{folder}: cannot be written ({error.strerror or error}); what was there is unchanged'
        ) from None
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def _commit(write: Callable[[Path], None], folder: Path, expected: dict[str, str]) -> None:
    """Replace a map by its new revision, which `write` writes, and keep the present one in it."""
    with _staging(folder) as staging:
        (staging / PREVIOUS).mkdir()
        _link_files(folder, staging / PREVIOUS)
        write(staging)
        if checksums(folder) != expected:
            raise MapError(
                f'{folder}: was replaced by another map meanwhile, which is left as it is'
            )
        _replace(staging, folder)


def _replace(staging: Path, folder: Path) -> None:
    staging.chmod(0o755)
    exchange(staging, folder)


def _link_files(source: Path, target: Path) -> None:
    """Give the files of a map a second name; copy them where the file system has no links."""
    for each in source.iterdir():
        if each.is_dir():
            # The thumbnails of formats 2 and 3; not the revision before.
            if each.name != PREVIOUS:
                shutil.copytree(each, target / each.name)
            continue
        try:
            os.link(each, target / each.name)
        except OSError:
            shutil.copy2(each, target / each.name)


def _only_link(file: Path) -> bool:
    return file.is_file() and file.stat().st_nlink == 1


def _provenance(parent: Map, content: MapContent, name: str) -> Provenance:
    return {
        **parent.provenance,
        'software': f'vprtempo_ros {__version__}',
        'traverses': content.records,
        'edits': [*parent.provenance.get('edits', []), _record(parent, name)],
    }


def _record(parent: Map, name: str) -> EditRecord:
    return {
        'revision': parent.revision + 1,
        'edit': name,
        'software': f'vprtempo_ros {__version__}',
        'created': now(),
    }
