"""
Maps of several cameras of one robot: a map for each of them, all of the same places.

The folder is that of the map of the first camera; those of the others are folders in `views`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Protocol, Sequence, TypeVar

import numpy as np

from ..errors import MapError

if TYPE_CHECKING:
    from .map import Map


class Stamped(Protocol):
    """What has a time."""

    @property
    def stamp_ns(self) -> int:
        """Time in ns."""


F = TypeVar('F', bound=Stamped)

VIEWS = 'views'
CAMERAS_MAX = 16
"""More cameras than any robot matches; bounds what a damaged map asks for."""

# Names become folders and topics.
_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]{0,49}')
# A frame shows a place if it is not further away than this many times that places are apart.
_NEAR = 0.6


def camera_names(found: object) -> list[str]:
    """
    Return the names of the cameras of a map, as in map.yaml or a parameter; none of one camera.

    :raises MapError: if these are no different names of topics.
    """
    if found is None or found == []:
        return []
    if (
        not isinstance(found, list)
        or not 1 <= len(found) <= CAMERAS_MAX
        or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in found)
        or len(set(found)) < len(found)
    ):
        raise MapError(
            f'expected up to {CAMERAS_MAX} different names of cameras of letters, digits and '
            f'underscores, found {found!r:.200}'
        )
    return found


def check_same_places(maps: Mapping[str, Map], where: str = '') -> None:
    """
    Check that the maps of several cameras are of the same places.

    :param where: what a message begins with.
    :raises MapError: if there is none, or one differs from the first.
    """
    if not maps:
        raise MapError('expected a map, or one for each camera, found none')
    (name, first), *others = maps.items()
    for other, loaded in others:
        difference = _difference(first, loaded)
        if difference:
            raise MapError(
                f'{where}expected the same places in the maps of {name} and {other}, found '
                f'{difference}: train both in one go (cameras.names)'
            )


def of_camera(loaded: Map, name: str | None) -> Map:
    """
    Return the map of one camera, for what has to do with one network.

    :param name: of the camera; None: there is only one.
    :raises MapError: if there are several and none is named, or none has this name.
    """
    names = [each for each in loaded.cameras if each]
    if name is None and len(names) < 2:
        return loaded
    if name not in names:
        expected = f'one of {", ".join(names)}' if names else 'none, since this map names no camera'
        found = 'none' if name is None else repr(name)
        raise MapError(f'--camera: expected {expected}, found {found:.60}')
    return loaded.cameras[name]


def _difference(first: Map, second: Map) -> str:
    """Return how the places of two maps differ; empty: they do not."""
    if first is second:
        return ''
    if len(first.places) != len(second.places):
        return f'{len(first.places)} and {len(second.places)} places'
    if first.revision != second.revision:
        return f'revisions {first.revision} and {second.revision}'
    if first.parts().counts != second.parts().counts:
        return 'different segments'
    for number, (one, other) in enumerate(zip(first.places, second.places)):
        if one.stamp_ns != other.stamp_ns or one.pose != other.pose:
            return f'another time or pose of place {number}'
    return ''


def nearest_frames(frames: Iterable[F], places: Sequence[Stamped]) -> Iterator[tuple[int, F]]:
    """
    Yield for places, in their order, the frame of another camera that is nearest in time.

    Each frame shows the place that it is nearest to, if that is not too far away.
    """
    stamps = np.array([place.stamp_ns for place in places], np.int64)
    limit = _NEAR * float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0
    best: tuple[int, F] | None = None
    for frame in frames:
        after = int(np.searchsorted(stamps, frame.stamp_ns))
        near = [place for place in (after - 1, after) if 0 <= place < len(stamps)]
        place = min(near, key=lambda at: abs(int(stamps[at]) - frame.stamp_ns))
        away = abs(int(stamps[place]) - frame.stamp_ns)
        if away > limit:
            continue
        if best is None or place > best[0]:
            if best is not None:
                yield best
            best = place, frame
        elif place == best[0] and away < abs(int(stamps[place]) - best[1].stamp_ns):
            best = place, frame
    if best is not None:
        yield best
