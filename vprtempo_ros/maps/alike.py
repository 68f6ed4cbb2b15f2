"""Whether places of different recordings can be in one map."""

from __future__ import annotations

from typing import Protocol, Sequence

from ..errors import MapError
from ..frames import begins_anywhere
from ..sources.completeness import completeness_from, completeness_tree
from ..sources.poses import Origin
from .map import Sensor, TraverseRecord
from .places import Place


class Recorded(Protocol):
    """Places with the sensor that recorded them, and the origin of their GPS poses."""

    @property
    def places(self) -> Sequence[Place]:
        """The places."""

    @property
    def sensor(self) -> Sensor:
        """The sensor."""

    @property
    def origin(self) -> Origin | None:
        """Latitude, longitude and altitude of (0, 0, 0)."""


def check_alike(first: Recorded, second: Recorded, one_frame: bool = True) -> None:
    """
    Refuse places that cannot be in one map.

    :param one_frame: poses must be in one coordinate frame.
    :raises MapError: if sensors or coordinate frames differ.
    """
    if first.sensor != second.sensor:
        sensors = [
            f'{each.sensor.type} of {each.sensor.width}x{each.sensor.height} pixels'
            for each in (first, second)
        ]
        raise MapError(f'expected maps of one sensor, found {" and ".join(sensors)}')
    frames = [frame_id_of(each.places) for each in (first, second)]
    if one_frame and all(frames) and frames[0] != frames[1]:
        raise MapError(
            f'expected poses in one coordinate frame, found {frames[0]!r} and {frames[1]!r}: '
            'train one of the maps again with poses in the frame of the other, or merge maps of '
            'both: map_edit merge, with --transform'
        )
    if all(frames) and bool(first.origin) != bool(second.origin):
        kinds = ['GPS' if each.origin else 'no GPS' for each in (first, second)]
        raise MapError(
            f'expected poses of one kind, found those from {kinds[0]} and from {kinds[1]}: merge '
            'the maps with map_edit merge --transform'
        )
    if first.origin and second.origin and first.origin != second.origin:
        raise MapError(
            f'expected GPS poses of one origin, found those of {first.origin[:2]} and '
            f'{second.origin[:2]}: add the recording of the second map to the first one instead, '
            'or merge them with --transform'
        )


def frame_id_of(places: Sequence[Place]) -> str | None:
    """Return the coordinate frame of the first pose; None: there is none."""
    return next((place.pose.frame_id for place in places if place.pose), None)


def of_other_start(places: Sequence[Place]) -> list[str]:
    """Return a line if the poses of places begin where a robot was started, unlike those before."""
    frame_id = frame_id_of(places)
    if frame_id is None or not begins_anywhere(frame_id):
        return []
    return [
        f'poses in frame {frame_id!r} begin where the robot is started: they fit those of the '
        'places before only if it was not started again in between, or at the same spot; map_edit '
        'merge has --transform'
    ]


def following(record: TraverseRecord, places: Sequence[Place]) -> TraverseRecord:
    """Return the record of a recording, with what it means that its places follow others."""
    found = completeness_from(record['missing'])
    found.add_notes(of_other_start(places))
    return {**record, 'missing': completeness_tree(found)}
