"""The view's drawings: what is drawn where, and that text from messages stays text."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import picture, steady

from vprtempo_ros.errors import VprError
from vprtempo_ros.view.charts import belief_chart, strip_chart
from vprtempo_ros.view.panels import Panels
from vprtempo_ros.view.picture import best_suffix, draw_picture, write_picture
from vprtempo_ros.view.route_chart import RouteChart
from vprtempo_ros.view.state import SPAN, STEP, ConfidenceSample, LiveState, PageState
from vprtempo_ros.view.theme import DARK, LIGHT, css

SVG = '{http://www.w3.org/2000/svg}'
NASTY = [
    '<script>alert(1)</script>',
    '"/><img src=x onerror=alert(1)>',
    ']]>&amp;&#0;',
    '\0\x1b[m',
    'a' * 10_000,
    '\u202edrawkcab',
    '\ud800',
]


def known(places: int = 40) -> LiveState:
    """Return a complete state, with a round route."""
    live = LiveState('/vpr_node')
    angle = np.linspace(0, 2 * np.pi, places)
    positions = np.stack([30 * np.cos(angle), 20 * np.sin(angle), 0 * angle], axis=1)
    live.set_info('VPRTempo', '/maps/office')
    live.set_places('odom', positions)
    confidence = np.zeros(places, np.float32)
    confidence[7] = 0.95
    confidence[8] = 0.35
    live.set_belief('odom', positions, confidence)
    live.set_match(10**9, (7, 8), (0.95, 0.35))
    live.set_pose('odom', *positions[7, :2], 0.5, np.array([[4.0, 0], [0, 1.0]]))
    live.set_status('input', 1, 'images too slow', [('rate', '3')])
    live.set_picture(cv2.imencode('.jpg', picture(0, 120, 320))[1].tobytes(), 320, 120)
    return live


def shapes(svg: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f'{SVG}{name}'))


def test_route_from_above() -> None:
    """Places keep their shape, north is up, the belief is coloured, the match ringed and named."""
    live = known()
    state = live.state
    assert state.positions is not None
    chart = RouteChart('odom', state.positions, LIGHT)
    svg = chart.over(state, time.monotonic()).page('over')
    base = next(
        path
        for path in shapes(chart.base().page('route'), 'path')
        if path.get('stroke') == LIGHT['line']
    )
    points = np.array(
        [
            [float(number) for number in pair.split()]
            for pair in re.findall(r'[\d.]+ [\d.]+', base.get('d') or '')
        ]
    )
    assert len(points) == 40
    spread, shown = np.ptp(state.positions[:, :2], axis=0), np.ptp(points, axis=0)
    assert shown[0] / shown[1] == pytest.approx(spread[0] / spread[1], rel=0.01)
    # y points up on the ground and down in the drawing.
    assert points[10, 1] < points[0, 1]
    ring = next(c for c in shapes(svg, 'circle') if c.get('stroke') == LIGHT['match'])
    assert [float(ring.get('cx') or 0), float(ring.get('cy') or 0)] == pytest.approx(
        points[7].tolist(), abs=0.2
    )
    assert 'place 7' in svg
    for place, colour in ((7, 'c9'), (8, 'c3')):
        path = next(path for path in shapes(svg, 'path') if path.get('stroke') == LIGHT[colour])
        x, y = (float(part) for part in re.findall(r'M([\d.]+) ([\d.]+)h0', path.get('d') or '')[0])
        assert [x, y] == pytest.approx(points[place].tolist(), abs=0.2)
    # 95 % of a normal distribution are within 2.45 deviations, here of 2 m and 1 m.
    (ellipse,) = shapes(svg, 'ellipse')
    scale = shown[0] / spread[0]
    assert float(ellipse.get('rx') or 0) == pytest.approx(2.4477 * 2 * scale, rel=0.02)
    assert float(ellipse.get('ry') or 0) == pytest.approx(2.4477 * scale, rel=0.02)


def test_a_pose_of_another_frame_is_not_drawn() -> None:
    """Only poses in the route's frame are drawn on it; the text names the frame."""
    live = known()
    live.set_pose('utm', 1.0, 2.0, 0.0, np.eye(2))
    parts = Panels(LIGHT).parts(live.state, time.monotonic())
    assert not shapes(parts['over'], 'ellipse')
    assert parts['pose'] == 'x 1.00 m, y 2.00 m, ±1.00 m in utm'
    # Nor is the pose of an unknown place.
    live.set_match(2 * 10**9, (), ())
    assert Panels(LIGHT).parts(live.state, time.monotonic())['pose'] == ''


@pytest.mark.parametrize(
    'covariance',
    [
        np.full((2, 2), np.nan),
        np.array([[-1.0, 0], [0, -1.0]]),
        np.array([[1e300, 0], [0, 1.0]]),
        np.zeros((2, 2)),
        np.array([[1.0, 5.0], [5.0, 1.0]]),
    ],
)
def test_any_covariance_is_drawn_or_not(covariance: np.ndarray) -> None:
    """An invalid covariance matrix does not break the page."""
    live = known()
    live.set_pose('odom', 0.0, 0.0, 0.0, covariance)
    parts = Panels(LIGHT).parts(live.state, time.monotonic())
    ElementTree.fromstring(parts['over'])
    assert 'nan' not in parts['over']


@pytest.mark.parametrize(
    'positions',
    [
        np.zeros((0, 3)),
        np.zeros((1, 3)),
        np.zeros((5, 3)),
        np.full((4, 3), np.nan),
        np.array([[0, 0, 0], [np.nan] * 3, [1e300, 0, 0], [0, -1e308, 0]]),
        np.arange(30.0).reshape(10, 3) * [1, 0, 0],
        np.arange(30.0).reshape(10, 3) * [0, 1, 0],
    ],
)
def test_routes_of_every_shape(positions: np.ndarray) -> None:
    """A point, a line, an empty route: all are drawn inside the drawing."""
    live = LiveState('/n')
    live.set_belief('map', positions, np.ones(len(positions), np.float32))
    live.set_match(1, (0,), (1.0,))
    chart = Panels(LIGHT).route(live.state)
    assert chart is not None
    for drawing in (chart.base(), chart.over(live.state, time.monotonic())):
        assert 'nan' not in drawing.body
        ElementTree.fromstring(drawing.page(''))
        for x, y in re.findall(r'[ML](-?[\d.]+) (-?[\d.]+)', drawing.body):
            assert -1 <= float(x) <= drawing.width + 1
            assert -1 <= float(y) <= drawing.height + 1


def test_thousands_of_places_stay_small() -> None:
    """3300 places are few elements, and quickly drawn again."""
    rng = np.random.default_rng(0)
    live = LiveState('/n')
    live.set_belief('map', rng.normal(0, 100, (3300, 3)), rng.random(3300).astype(np.float32))
    panels = Panels(LIGHT)
    first = panels.parts(live.state, 0.0)
    assert len(shapes(first['over'], 'path')) < 20
    again = panels.parts(live.state, 0.0)
    assert again['route'] == first['route']
    assert len(shapes(first['belief'], 'path')) < 20
    assert sum(len(str(part)) for part in first.values()) < 200_000
    # In a typical belief few places are likely, and an update is small.
    confidence = np.zeros(3300, np.float32)
    confidence[1230:1240] = np.linspace(0.1, 1.0, 10)
    live.set_belief('map', np.zeros((3300, 3)), confidence)
    typical = panels.parts(live.state, 0.0)
    assert sum(len(str(typical[name])) for name in ('over', 'belief')) < 20_000
    # A peak of one place among many is as high as among few.
    confidence = np.zeros(3300, np.float32)
    confidence[1234] = 1.0
    tops = [float(y) for y in re.findall(r'V([\d.]+)', belief_chart(confidence, 1234, LIGHT).body)]
    assert min(tops) == pytest.approx(14.0)


def test_strip_of_confidence() -> None:
    """Confidences of the last minute, each at its age; unknown places as dots."""
    history = (
        ConfidenceSample(0.0, 1.0),
        ConfidenceSample(70.0, 0.5),
        ConfidenceSample(100.0, 0.0),
    )
    body = strip_chart(history, 100.0, LIGHT).body
    assert re.findall(r'M([\d.]+) 144.0V([\d.]+)', body) == [('413.0', '79.0')]
    assert re.findall(r'M([\d.]+) 141.0h0', body) == [('792.0',)[0]]


@given(st.text(max_size=400))
@steady
def test_text_of_messages_stays_text(words: str) -> None:
    """With any name or message the drawing is well-formed and has no additional elements."""
    live = LiveState(words)
    live.set_places(words, np.eye(3))
    live.set_status(words, 2, words, [(words, words)])
    live.set_info(words, words)
    svg = draw_picture(live.state)
    tags = {element.tag for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {SVG + name for name in ('svg', 'path', 'text', 'rect', 'circle', 'image')}


@pytest.mark.parametrize('words', NASTY)
def test_attacks_stay_text(words: str) -> None:
    """Common injections have no effect."""
    live = LiveState('/n')
    live.set_places(words, np.eye(3))
    live.set_pose(words, 0, 0, 0, np.eye(2))
    live.set_status(words, 77, words, [(words, words)] * 1000)
    svg = draw_picture(live.state)
    assert not shapes(svg, 'script')
    assert not shapes(svg, 'img')
    (status,) = live.state.statuses.values()
    assert (len(status.values), status.level) == (64, 3)
    assert len(status.message) <= 300


def test_the_state_is_bounded() -> None:
    """With any number of statuses, matches and places the state stays small."""
    live = LiveState('/n')
    for number in range(2000):
        live.set_status(str(number), 0, '', [])
        live.set_match(number, tuple(range(1000)), (float('nan'), 7.0, -1.0, 0.5) * 250)
    state = live.state
    assert len(state.statuses) == 32
    assert state.match is not None
    assert len(state.match.places) == 20
    # Invalid confidences count as 0.
    assert state.match.confidences[:4] == (0.0, 1.0, 0.0, 0.5)
    json.dumps(Panels(LIGHT).parts(state, time.monotonic()), allow_nan=False)
    assert len(state.history) <= SPAN / STEP + 1


def test_a_node_that_ends_is_cleared() -> None:
    """When the node ends, its match is cleared; the route stays visible."""
    live = known()
    assert live.state.phase(time.monotonic()) == (0, 'live')
    assert 'no result' in live.state.phase(time.monotonic() + 5)[1]
    live.set_present(False)
    state = live.state
    assert state.phase(time.monotonic()) == (3, 'waiting for /vpr_node')
    assert (state.match, state.pose, state.picture, state.confidence) == (None,) * 4
    assert state.positions is not None
    live.set_present(True)
    assert 'first result' in live.state.phase(time.monotonic())[1]


def test_the_same_route_sent_again_keeps_the_belief() -> None:
    """A route that is sent again for another subscriber changes nothing; another one does."""
    live = LiveState('/n')
    positions = np.arange(15.0).reshape(5, 3)
    positions[2] = np.nan
    live.set_belief('map', positions, np.ones(5, np.float32))
    live.set_places('map', positions[[0, 1, 3, 4]])
    assert live.state.confidence is not None
    live.set_places('map', positions[[0, 1]])
    assert live.state.confidence is None


def test_themes_have_the_same_names() -> None:
    """Both are complete, and the style sheet has both."""
    assert set(LIGHT) == set(DARK)
    assert css().count('--c9:') == 2


@pytest.mark.parametrize('state', [PageState('/vpr_node'), known().state], ids=['nothing', 'all'])
def test_picture_files(tmp_path: Path, state: PageState) -> None:
    """SVG and PNG show the same, of a state that is empty or full."""
    write_picture(draw_picture(state), tmp_path / 'view.svg')
    ElementTree.parse(tmp_path / 'view.svg')
    pytest.importorskip('resvg_py', reason='needs resvg-py: make setup')
    assert best_suffix() == '.png'
    write_picture(draw_picture(state), tmp_path / 'view.png')
    pixels = cv2.imread(str(tmp_path / 'view.png'))
    assert pixels is not None
    assert pixels.shape[1] == 1920
    assert pixels.std() > 5
    # The text is visible: a font was found.
    title = cv2.cvtColor(pixels[20:70, 20:200], cv2.COLOR_BGR2GRAY)
    assert (title < 100).mean() > 0.01


def test_pictures_that_cannot_be_written(tmp_path: Path) -> None:
    """One line says what is wrong with the file."""
    for name, words in (('view.bmp', 'ends in .svg or .png'), ('no/view.svg', 'cannot be written')):
        with pytest.raises(VprError, match=words):
            write_picture(draw_picture(PageState('/n')), tmp_path / name)
