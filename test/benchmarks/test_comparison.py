"""Methods compared on a small route: the figures mean what they say."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks import hog
from benchmarks.comparison import Comparison, map_of, promised
from benchmarks.curves import Panel, picture
from benchmarks.routes import BenchmarkRoute
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.frames import grey_image
from vprtempo_ros.matching.stages import Route

pytestmark = pytest.mark.skipif(
    not hasattr(cv2, 'HOGDescriptor'), reason='needs OpenCV 4, which has HOG'
)

PLACES = 24


def small_route(shift: int = 0, exact: bool = False) -> BenchmarkRoute:
    """Return a route of random scenes; the query sees them with noise, the last ones not at all."""
    rng = np.random.default_rng(5)
    scenes = np.kron(rng.integers(40, 216, (PLACES + 6, 6, 8)), np.ones((8, 8)))
    seen = np.roll(scenes, shift, axis=2) + rng.normal(0, 4, scenes.shape)
    number = np.arange(PLACES + 6)
    near = 0 if exact else 1
    on_map = number < PLACES
    return BenchmarkRoute(
        'scenes',
        [grey_image(image.astype(np.uint8)) for image in scenes[:PLACES]],
        [grey_image(np.clip(image, 0, 255).astype(np.uint8)) for image in seen],
        GroundTruth(
            number * 1_000_000_000 + 1,
            np.where(on_map, np.maximum(number - near, 0), NO_PLACE),
            np.where(on_map, np.minimum(number + near, PLACES - 1), NO_PLACE),
        ),
        Route(PLACES, 1.0),
    )


@pytest.fixture(scope='module')
def comparison() -> Comparison:
    route = small_route()
    return Comparison(route, map_of(route))


@pytest.mark.long
def test_every_method_has_its_figures(comparison: Comparison) -> None:
    """On scenes that look different all methods find all places."""
    found = comparison.figures(small_route())
    assert list(found)[:3] == ['SAD', 'SAD, by place', 'SAD, over the query (not causal)']
    assert {'NCC', 'HOG', 'correlation, same spikes', 'network', 'network + seqslam'} < set(found)
    for name, figures in found.items():
        assert figures.recall > 0.95, name
        own = name.startswith('network')
        assert math.isnan(figures.calibration) != own, name
        assert math.isnan(figures.answered) != own, name
    default = found['network + bayes']
    assert 0.7 < default.answered <= 1.0
    assert 0.8 <= default.correct <= 1.0


def test_images_in_no_order_have_no_filter(comparison: Comparison) -> None:
    found = comparison.network_figures(replace(small_route(), ordered=False))
    assert list(found) == ['correlation, same spikes', 'network']


def test_confidence_of_exact_places_is_a_promise_within_the_tolerance() -> None:
    exact, wide = small_route(exact=True), small_route()
    assert np.array_equal(promised(exact).first, wide.truth.first)
    assert np.array_equal(promised(exact).last, wide.truth.last)
    assert promised(wide) is wide.truth


def test_hog_prefers_the_same_outlines() -> None:
    """A brighter image has the same descriptor, one of other edges does not."""
    rng = np.random.default_rng(1)
    images = np.kron(rng.integers(20, 120, (3, 8, 8)), np.ones((8, 8))).astype(np.uint8)
    engine = hog.Hog(hog.descriptors([grey_image(image) for image in images]))
    brighter = hog.descriptors([grey_image((2 * images[1]).astype(np.uint8))])[0]
    scores = engine.similarity(brighter)
    assert scores.argmax() == 1
    assert scores[1] == pytest.approx(1.0, abs=0.01)
    assert scores.dtype == np.float32 and scores.max() <= 1.0 + 1e-6


def test_a_picture_has_a_line_for_each_curve() -> None:
    """Curves that reach 1 end at the top of their panel."""
    panels = [Panel('a & b', 'metres', (0.0, 1.0, 2.0), {'x': [1.0, 0.5, 0.0], 'y': [0, 0, 0]})]
    text = picture('title', [panels, panels])
    assert text.count('stroke-width="2.2"') == 4
    assert 'a &amp; b' in text
    assert text == picture('title', [panels, panels])
