"""Positions to draw the places of a map at, shared by the belief, the markers and the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np

from ..arrays import Doubles
from ..network.segments import Segments
from .places import Place

# The coordinate frame of a map without poses; viewers commonly have one with this name.
_NO_FRAME = 'map'


@dataclass(frozen=True)
class Layout:
    """
    Positions of all places in one coordinate frame.

    positions: float64 (places, 3), metres, NaN for a place without a pose. spacing: median
    distance of successive places in metres, never zero. segments: which places follow each other.
    labels: names of places.
    """

    frame_id: str
    positions: Doubles
    spacing: float
    segments: Segments
    labels: Mapping[int, str]

    def name_of(self, place: int) -> str:
        """Return the label of a place, or `place` and its number."""
        return self.labels.get(place) or f'place {place}'


def layout_of(
    places: list[Place], segments: Segments | None = None, labels: Mapping[int, str] | None = None
) -> Layout:
    """
    Return the positions of the places.

    A map without poses is a line: place n is at x = n metres in frame `map`. In a map with poses,
    a place without one, or with one in another frame than the first, is at NaN, which viewers leave
    out.
    """
    poses = [place.pose for place in places if place.pose]
    segments, labels = segments or Segments.of([len(places)]), labels or {}
    positions = np.full((len(places), 3), np.nan)
    if not poses:
        positions[:] = 0.0
        positions[:, 0] = np.arange(len(places))
        return Layout(_NO_FRAME, positions, 1.0, segments, labels)
    for row, place in zip(positions, places):
        if place.pose and place.pose.frame_id == poses[0].frame_id:
            row[:] = place.pose.position
    follows = np.diff(segments.numbers) == 0
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)[follows]
    steps = steps[steps > 0.0]
    spacing = float(np.median(steps)) if len(steps) else 1.0
    return Layout(poses[0].frame_id, positions, spacing, segments, labels)
