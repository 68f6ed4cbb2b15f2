"""The few SVG shapes that the pictures are made of."""

from __future__ import annotations

from typing import Iterable, NamedTuple
from xml.sax.saxutils import escape, quoteattr

_FONT = "system-ui, 'DejaVu Sans', sans-serif"


class Drawing(NamedTuple):
    """A picture of this size in units: the content of an svg element."""

    width: float
    height: float
    body: str

    def page(self, label: str) -> str:
        """Return it as an svg element that scales to the available width."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={quoteattr(label)} '
            f'viewBox="0 0 {self.width:g} {self.height:g}" font-family="{_FONT}">'
            f'{self.body}</svg>'
        )

    def at(self, x: float, y: float, width: float) -> str:
        """Return it as a part of another drawing."""
        return (
            f'<svg x="{x:g}" y="{y:g}" width="{width:g}" '
            f'height="{self.height * width / self.width:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}">{self.body}</svg>'
        )


def words(
    x: float,
    y: float,
    content: str,
    colour: str,
    size: float = 13,
    anchor: str = 'start',
    weight: int = 400,
) -> str:
    """Return a line of text, escaped, that begins, is centred or ends at x (`anchor`)."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size:g}" '
        f'text-anchor="{anchor}" font-weight="{weight}">{escape(content)}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    """Return a straight line."""
    return (
        f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}" fill="none"/>'
    )


def box(x: float, y: float, width: float, height: float, colour: str, radius: float = 0) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{radius:g}" fill="{colour}"/>'
    )


def disc(
    x: float, y: float, radius: float, fill: str, stroke: str = 'none', width: float = 0
) -> str:
    """Return a circle."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{width:g}"/>'
    )


def dots(points: Iterable[tuple[float, float]], colour: str, size: float) -> str:
    """Return round dots as a single element, which draws thousands of them fast."""
    path = ''.join(f'M{x:.1f} {y:.1f}h0' for x, y in points)
    return (
        (
            f'<path d="{path}" stroke="{colour}" stroke-width="{size:g}" stroke-linecap="round" '
            'fill="none"/>'
        )
        if path
        else ''
    )


def columns(tops: Iterable[tuple[float, float]], foot: float, colour: str, width: float) -> str:
    """Return vertical bars from y = `foot` up to each (x, y), as a single element."""
    path = ''.join(f'M{x:.1f} {foot:.1f}V{y:.1f}' for x, y in tops)
    return (
        f'<path d="{path}" stroke="{colour}" stroke-width="{width:.2f}" fill="none"/>'
        if path
        else ''
    )
