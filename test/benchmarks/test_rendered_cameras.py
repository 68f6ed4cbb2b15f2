"""Front and rear camera on a short rendered route, without ROS."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.cameras import covered, rear
from benchmarks.comparison import map_of_images
from benchmarks.moved.days import AGAIN
from benchmarks.moved.park import Park
from benchmarks.moved.route import REFERENCE, nearest_places, render
from vprtempo_ros.config import MatchConfig
from vprtempo_ros.health.cameras import is_worth_little
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.stages import CameraState, FrameTiming
from vprtempo_ros.recogniser import Recogniser

FRAMES, LENGTH, TOLERANCE = 30, 34.0, 2
# When a camera is covered, and from when on the weights have followed.
COVERED, FOLLOWED = 8, 14
Images = NDArray[np.uint8]


class Drives(NamedTuple):
    """Maps of both cameras, what they see on another drive, its places, and seconds a frame."""

    maps: dict[str, Map]
    images: dict[str, Images]
    places: NDArray[np.int64]
    period: float


@pytest.fixture(scope='module')
def drives() -> Drives:
    """Render a drive for the maps and another one."""
    world, frames = Park(11, length=LENGTH), slice(FRAMES)
    reference = render(world, REFERENCE, frames=frames)
    seen = render(world, AGAIN, frames=frames)
    stamps = (10**9 * (1.0 + reference.stamps)).astype(np.int64).tolist()
    maps = {}
    for name, images in (
        ('front', reference.images),
        ('rear', render(world, rear(REFERENCE), frames=frames).images),
    ):
        built = map_of_images(images, TOLERANCE)
        places = [replace(place, stamp_ns=at) for place, at in zip(built.places, stamps)]
        maps[name] = replace(built, places=places)
    images = {'front': seen.images, 'rear': render(world, rear(AGAIN), frames=frames).images}
    period = float(np.median(np.diff(seen.stamps)))
    return Drives(maps, images, nearest_places(seen, reference), period)


def driven(drives: Drives, cover: str) -> tuple[list[bool], dict[str, CameraState]]:
    """Return whether each joint match was right, with a camera covered on the way."""
    recogniser = Recogniser(drives.maps, match=MatchConfig(min_confidence=0.0))
    right = []
    for number in range(FRAMES):
        view = {name: images[number] for name, images in drives.images.items()}
        if cover and number >= COVERED:
            view[cover] = covered(number, view[cover])
        timing = FrameTiming(round(10**9 * (500.0 + number * drives.period)))
        match = recogniser.recognise(view, timing)
        best = int(match.scores.argmax())
        right.append(abs(best - int(drives.places[number])) <= TOLERANCE)
    states = recogniser.cameras
    recogniser.close()
    return right, states


def worthless(states: dict[str, CameraState]) -> list[str]:
    """Return the cameras of which the diagnostics say that they hardly distinguish places."""
    best = max(state.standing_out for state in states.values())
    return [name for name, state in states.items() if is_worth_little(state, best)]


@pytest.mark.long
@pytest.mark.parametrize('cover', ['', 'front', 'rear'])
def test_one_camera_is_covered(drives: Drives, cover: str) -> None:
    """The joint answer stays right, and the diagnostics would name the one that is covered."""
    right, states = driven(drives, cover)
    assert np.mean(right[FOLLOWED:]) >= 0.9
    assert worthless(states) == ([cover] if cover else [])
    if cover:
        other = next(name for name in states if name != cover)
        assert states[cover].share < states[other].share
