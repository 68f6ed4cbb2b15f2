"""Drives that are made of others: in reverse, and along a route that shares a part of the map."""

from __future__ import annotations

import numpy as np

from benchmarks.routes import BenchmarkRoute
from benchmarks.unseen import partly_shared, reversed_drive
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.matching.stages import Route

FRAMES = 8


def images(first: int) -> list[Image]:
    """Return pictures that are recognised by their grey."""
    return [grey_image(np.full((4, 4), first + i, np.uint8)) for i in range(FRAMES)]


def greys(route: BenchmarkRoute) -> list[int]:
    """Return the greys of the query."""
    return [int(image.grey()[0, 0]) for image in route.query]


def known() -> BenchmarkRoute:
    """Return a route whose query frame n is at place n, half a second apart."""
    number = np.arange(FRAMES)
    truth = GroundTruth(1 + number * 500_000_000, number, number)
    return BenchmarkRoute('park 1, sunny', images(0), images(0), truth, Route(FRAMES, 0.5))


def test_a_drive_in_reverse() -> None:
    """Time goes on, places go back."""
    route = reversed_drive(known())
    assert route.name == 'park 1, reverse'
    assert greys(route) == list(range(FRAMES))[::-1]
    assert route.truth.first[:, 0].tolist() == list(range(FRAMES))[::-1]
    assert np.all(np.diff(route.truth.stamps) == 500_000_000)


def test_a_drive_that_shares_a_part() -> None:
    """What is before and after has no place."""
    route = partly_shared(known(), images(100))
    assert route.name == 'park 1, partly'
    assert greys(route) == [100, 101, 102, 103, 2, 3, 4, 5, 104, 105, 106, 107]
    places = [NO_PLACE] * 4 + [2, 3, 4, 5] + [NO_PLACE] * 4
    assert route.truth.first[:, 0].tolist() == route.truth.last[:, 0].tolist() == places
    assert np.all(np.diff(route.truth.stamps) == 500_000_000)
