"""The page as one picture: an SVG file, or a PNG rendered from it without a browser."""

from __future__ import annotations

import base64
from importlib.util import find_spec
from pathlib import Path

from ..errors import VprError
from .panels import LEVELS, Panels, match_words, pose_words
from .route_chart import legend
from .state import MatchPicture, PageState
from .svg import Drawing, box, disc, words
from .theme import LIGHT

_WIDTH, _HEAD, _GAP, _PAD = 1280.0, 52.0, 16.0, 18.0
# Pixels of the PNG per unit of the drawing.
_ZOOM = 1.5
_THEME = LIGHT
# Maximum number of lines of diagnostics.
_STATUSES = 8
_NO_PNG = (
    'a picture as PNG needs resvg and matplotlib: pip install resvg-py matplotlib (or ask '
    'for an .svg)'
)


def draw_picture(state: PageState) -> str:
    """Return the state at its last result as a self-contained SVG, in the light theme."""
    now = state.match.received if state.match else 0.0
    panels = Panels(_THEME)
    chart = panels.route(state)
    route = Drawing(800, 120, words(0, 20, 'the route is not known yet', _THEME['muted']))
    if chart:
        route = chart.base()._replace(body=chart.base().body + chart.over(state, now).body)
    left = 0.58 * (_WIDTH - 3 * _GAP)
    columns = [
        (
            _GAP,
            left,
            [
                ('matched place', _match(state, now)),
                ('route from above', route),
                ('confidence of every place', panels.belief(state)),
            ],
        ),
        (
            2 * _GAP + left,
            _WIDTH - 3 * _GAP - left,
            [
                ('query and matched reference', _pair(state.picture)),
                ('confidence over time', panels.strip(state, now)),
                ('diagnostics', _statuses(state)),
            ],
        ),
    ]
    parts, foot = [], 0.0
    for x, width, contents in columns:
        y = _HEAD
        for title, drawing in contents:
            panel, y = _panel(x, y, width, title, drawing)
            parts.append(panel)
        foot = max(foot, y)
    head = (
        words(_GAP + 2, 34, state.node, _THEME['ink'], 20, weight=700)
        + legend(_THEME).at((_WIDTH - 264) / 2, 20, 264)
        + words(_WIDTH - _GAP, 34, state.method, _THEME['muted'], 13, 'end')
    )
    return Drawing(
        _WIDTH, foot, box(0, 0, _WIDTH, foot, _THEME['ground']) + head + ''.join(parts)
    ).page(f'{state.node}: place recognition')


def _panel(x: float, y: float, width: float, title: str, drawing: Drawing) -> tuple[str, float]:
    """Return a drawing in a frame with a title, and the y coordinate of the next frame."""
    inner = width - 2 * _PAD
    height = drawing.height * inner / drawing.width + 36 + _PAD
    return (
        box(x, y, width, height, _THEME['panel'], 10)
        + words(x + _PAD, y + 24, title.upper(), _THEME['muted'], 11.5, weight=600)
        + drawing.at(x + _PAD, y + 36, inner)
    ), y + height + _GAP


def _match(state: PageState, now: float) -> Drawing:
    match = match_words(state.match)
    return Drawing(
        680,
        74,
        ''.join(
            (
                words(0, 32, match['place'], _THEME['ink'], 36, weight=700),
                words(680, 32, f'{match["confidence"]:.2f}', _THEME['ink'], 30, 'end', 600),
                box(0, 46, 680, 6, _THEME['line'], 3),
                box(0, 46, 680 * match['confidence'], 6, _THEME['c6'], 3),
                words(0, 72, pose_words(state, now), _THEME['muted'], 13),
                words(680, 72, match['stamp'], _THEME['muted'], 13, 'end'),
            )
        ),
    )


def _pair(picture: MatchPicture | None) -> Drawing:
    if picture is None:
        return Drawing(640, 120, words(0, 20, 'no picture', _THEME['muted']))
    data = base64.b64encode(picture.jpeg).decode()
    return Drawing(
        picture.width,
        picture.height,
        f'<image width="{picture.width}" height="{picture.height}" '
        f'href="data:image/jpeg;base64,{data}"/>',
    )


def _statuses(state: PageState) -> Drawing:
    lines = list(state.statuses.values())[:_STATUSES]
    parts = [words(0, 16, '' if lines else 'none yet', _THEME['muted'])]
    for number, status in enumerate(lines):
        y = 16 + 24 * number
        parts += [
            disc(5, y - 4, 5, _THEME[LEVELS[status.level]]),
            words(18, y, f'{status.name[:30]}: {status.message}'[:70], _THEME['ink'], 13),
        ]
    return Drawing(480, 24 * max(len(lines), 1), ''.join(parts))


def best_suffix() -> str:
    """Return .png if the renderer is installed, otherwise .svg."""
    return '.png' if find_spec('resvg_py') and find_spec('matplotlib') else '.svg'


def check_picture(path: Path) -> None:
    """
    Check that a picture can be written, before the page is served.

    :raises VprError: for another suffix, without a renderer, or if the folder does not exist.
    """
    if path.suffix not in ('.svg', '.png'):
        raise VprError(f'{path}: expected a name that ends in .svg or .png')
    if path.suffix == '.png' and best_suffix() != '.png':
        raise VprError(_NO_PNG)
    if not path.parent.is_dir() or path.is_dir():
        raise VprError(f'{path}: cannot be written (expected a file in an existing folder)')


def write_picture(drawn: str, path: Path) -> None:
    """
    Write a drawing as .svg, or as .png if the renderer is installed.

    :param drawn: the svg element, as `draw_picture` returns it.
    :raises VprError: for another suffix, without a renderer, or if the file cannot be written.
    """
    check_picture(path)
    data = drawn.encode() if path.suffix == '.svg' else _png(drawn)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise VprError(f'{path}: cannot be written ({error.strerror})') from None


def _png(drawn: str) -> bytes:
    try:
        import resvg_py
        from matplotlib import get_data_path
    except ImportError:
        raise VprError(_NO_PNG) from None
    # The font is part of matplotlib: the same on every machine, with or without system fonts.
    fonts = Path(get_data_path()) / 'fonts' / 'ttf'
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=drawn,
            zoom=_ZOOM,
            skip_system_fonts=True,
            sans_serif_family='DejaVu Sans',
            font_files=[str(fonts / 'DejaVuSans.ttf'), str(fonts / 'DejaVuSans-Bold.ttf')],
        )
    )
