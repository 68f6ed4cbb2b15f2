"""The route of the benchmark of large maps, and its plot."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from benchmarks.long_route import HEIGHT, WIDTH, images, write_folder
from benchmarks.scale_plot import Point, draw


def test_a_route_is_the_same_each_time_and_another_on_another_day(tmp_path: Path) -> None:
    first, again, other = (list(images(7, day=day)) for day in (0, 0, 1))
    assert all(image.shape == (HEIGHT, WIDTH) for image in first)
    for one, same, changed in zip(first, again, other):
        np.testing.assert_array_equal(one, same)
        correlation = np.corrcoef(one.ravel(), changed.ravel())[0, 1]
        assert 0.3 < correlation < 0.99
    parts = write_folder(tmp_path, 7, parts=2)
    names = [file for part in parts for file in sorted(part.iterdir())]
    assert len(names) == 7
    found = cv2.imread(str(names[4]), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(found, first[4])


def test_plot() -> None:
    page = draw([Point(1000, 2.4e6, 2e-4, 9e-4), Point(1_000_000, 2.5e9, 0.03, 0.09)])
    for expected in ('1,000,000', 'search and matching', 'memory, MB', 'a frame, ms of one core'):
        assert expected in page
