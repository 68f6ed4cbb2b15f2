"""Where the places of a map are drawn: one answer for the belief, the markers and the view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .places import Place

# A map without poses has no coordinate frame; viewers of robots have one of this name.
_NO_FRAME = 'map'


@dataclass(frozen=True)
class Layout:
    """
    Positions of all places in one coordinate frame.

    positions: float64 (places, 3), metres, NaN where a place has no pose. spacing: median metres
    from one place to the next, never zero.
    """

    frame_id: str
    positions: NDArray[np.float64]
    spacing: float


def layout_of(places: list[Place]) -> Layout:
    """
    Return where to draw the places.

    A map without poses is a line: place n at x = n metres in frame `map`. A place without a pose
    in a map that has some is nowhere (NaN), which viewers leave out.
    """
    poses = [place.pose for place in places if place.pose]
    positions = np.full((len(places), 3), np.nan)
    if not poses:
        positions[:] = 0.0
        positions[:, 0] = np.arange(len(places))
        return Layout(_NO_FRAME, positions, 1.0)
    for row, place in zip(positions, places):
        if place.pose:
            row[:] = place.pose.position
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    steps = steps[steps > 0.0]
    return Layout(poses[0].frame_id, positions, float(np.median(steps)) if len(steps) else 1.0)
