"""
Edits of what a map is made from. Fitting the result gives the map that training at once would.

Sums add up, so the frames that stay need not be read again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np

from ..arrays import Indices
from ..config import TrainerConfig
from ..errors import MapError
from ..network.segments import Segments
from ..options import to_tree
from ..support.progress import ProgressCallback
from .alike import check_alike, following
from .content import MapContent
from .route import read_additional, read_route

# Characters of a label: more do not fit into any view.
_LABEL_MAX = 80
# Kept in the folder of each map, and no property of the samples.
_MODEL = ('descriptor', 'model')


def forget(content: MapContent, places: Sequence[int]) -> MapContent:
    """
    Return the content without these places; those that are left are numbered again from 0.

    Places before and after a gap follow each other then, as if only they had been recorded.

    :raises MapError: if a place does not exist, or fewer than two would be left.
    """
    count = len(content.places)
    check_places_exist(places, count)
    kept = np.ones(count, np.bool_)
    kept[list(places)] = False
    left = int(kept.sum())
    if left < 2:
        raise MapError(f'expected at least 2 places to be left, found {left}: a map needs two')
    return _only(content, np.flatnonzero(kept))


def split(content: MapContent, place: int) -> tuple[MapContent, MapContent]:
    """
    Return the places before this one, and those from it on.

    :raises MapError: if fewer than two places are on one side.
    """
    count = len(content.places)
    if not 2 <= place <= count - 2:
        raise MapError(
            f'expected a place with two or more on each side of the border, which are '
            f'{f"2 to {count - 2}" if count > 3 else "none"}, found {place}'
        )
    numbers = np.arange(count)
    return _only(content, numbers[:place]), _only(content, numbers[place:])


def merge(first: MapContent, second: MapContent, one_frame: bool = True) -> MapContent:
    """
    Return the content with the places of both, those of the second after those of the first.

    They do not follow each other: the second begins a segment of its own.

    :param one_frame: refuse poses in different coordinate frames; otherwise each place keeps its.
    :raises MapError: if encoders, images, sensors, augmentations or coordinate frames differ.
    """
    _check_alike(first, second, one_frame)
    count = len(first.places)
    return replace(
        first,
        config=replace(first.config, bags=[*first.config.bags, *second.config.bags]),
        places=[*first.places, *second.places],
        segments=Segments.of([*first.segments.counts, *second.segments.counts]),
        thumbnails=[*first.thumbnails, *second.thumbnails],
        origin=first.origin or second.origin,
        records=[*first.records, *second.records],
        data=first.data.followed_by(second.data),
        labels={**first.labels, **{count + at: name for at, name in second.labels.items()}},
    )


def add_stretches(
    content: MapContent,
    bags: Sequence[str],
    progress: ProgressCallback,
    topics: TrainerConfig | None = None,
) -> MapContent:
    """
    Return the content with the places of other recordings, each as a segment of its own.

    :param topics: configuration with the topics of the recordings; None: those of the map's.
    :raises SourceError: if a recording is unusable.
    :raises MapError: if one does not fit the map.
    """
    places = replace(content.config.places, bags='all')
    config = replace(content.config, bags=list(bags), places=places)
    if topics is not None:
        found = replace(topics.input, events=config.input.events)
        config = replace(config, input=found, poses=topics.poses)
    read = read_route(config, progress, content.origin)
    records = [following(record, read.places) for record in read.records]
    return merge(content, replace(read, records=records))


def add_drives(content: MapContent, bags: Sequence[str], progress: ProgressCallback) -> MapContent:
    """
    Return the content with other drives of the places that it has.

    :raises SourceError: if a recording is unusable.
    :raises MapError: if one does not show the places of the map.
    """
    data, records = content.data, list(content.records)
    for samples, record in read_additional(content, bags, progress):
        data = data.with_traverse(samples)
        records.append(record)
    config = replace(content.config, bags=[*content.config.bags, *bags])
    return replace(content, config=config, records=records, data=data)


def labelled(labels: dict[int, str], place: int, name: str, places: int) -> dict[int, str]:
    """
    Return the labels with another name of a place, or without one if the name is empty.

    :raises MapError: if the place does not exist, or the name does not fit on a line.
    """
    check_places_exist([place], places)
    if len(name) > _LABEL_MAX or not name.isprintable():
        raise MapError(
            f'expected a label of up to {_LABEL_MAX} printable characters, found {name[:100]!r}'
        )
    others = {at: label for at, label in labels.items() if at != place}
    return dict(sorted({**others, place: name}.items())) if name.strip() else others


def check_places_exist(places: Sequence[int], count: int) -> None:
    """
    Refuse numbers that are no places.

    :raises MapError: for the first of them.
    """
    for place in places:
        if not 0 <= place < count:
            raise MapError(f'expected places from 0 to {count - 1}, found {place}')


def _only(content: MapContent, kept: Indices) -> MapContent:
    """Return the content with these places only, int64, ascending."""
    numbers = np.full(len(content.places), -1)
    numbers[kept] = np.arange(len(kept))
    data = content.data.renumbered(numbers)
    used = [len(each.places) for each in data.traverses]
    per_segment = np.bincount(content.segments.numbers[kept], minlength=1)
    return replace(
        content,
        places=[content.places[place] for place in kept.tolist()],
        segments=Segments.of(per_segment[per_segment > 0].tolist()),
        thumbnails=[content.thumbnails[place] for place in kept.tolist()],
        records=[
            {**record, 'used': count} for record, count in zip(content.records, used) if count
        ],
        data=replace(data, traverses=[each for each in data.traverses if len(each.places)]),
        labels={
            int(numbers[place]): name
            for place, name in content.labels.items()
            if numbers[place] >= 0
        },
    )


def _check_alike(first: MapContent, second: MapContent, one_frame: bool) -> None:
    """Refuse contents whose samples cannot be in one network."""
    check_alike(first, second, one_frame)
    for name in ('encoding', 'input.events', 'training.augment', 'places.tolerance'):
        one, other = _setting(first, name), _setting(second, name)
        if one != other:
            raise MapError(f'expected maps with the same {_difference(name, one, other)}')


def _setting(content: MapContent, name: str) -> object:
    found: object = to_tree(content.config)
    for part in name.split('.'):
        assert isinstance(found, dict)
        found = found[part]
    if name == 'encoding' and isinstance(found, dict):
        section, key = _MODEL
        found = {**found, section: {k: v for k, v in found[section].items() if k != key}}
    return found


def _difference(name: str, one: object, other: object) -> str:
    """Return the name of the first setting that differs, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one:
            if one[key] != other.get(key):
                return _difference(f'{name}.{key}', one[key], other.get(key))
    return f'{name}, found {one} and {other}'
