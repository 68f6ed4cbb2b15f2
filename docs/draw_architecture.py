"""
Draw docs/images/architecture.svg from the imports of the code: `make docs`.

A box is a package or a single module, an arrow an import, from the importing package down to the
imported one. Arrows that follow from others are left out. CI runs it and
fails if the file changes.
"""

from __future__ import annotations

import ast
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / 'vprtempo_ros'
FILE = ROOT / 'docs' / 'images' / 'architecture.svg'

# Modules that nearly everything imports: one box, without arrows.
BASE = ('arrays', 'config', 'errors', 'frames', 'interface', 'options', 'renamed', 'statistics')
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 200, 62, 44, 46, 16
# Rows are shifted by turns, so that an arrow over two rows does not run behind a box.
SHIFT = (WIDTH + GAP_X) / 4
_STYLE = (
    'text{font-family:sans-serif;fill:#222}.name{font-size:14px;font-weight:bold}'
    '.what{font-size:10.5px}rect{fill:#eef3f8;stroke:#5b7a99;rx:6}'
    'path{fill:none;stroke:#8a8a8a;stroke-width:1.1;marker-end:url(#arrow)}'
)


Point = tuple[float, float]


def graph() -> dict[str, set[str]]:
    """Return for each package what it imports of the others, by imports at any depth."""
    found: dict[str, set[str]] = {}
    for file in sorted(PACKAGE.rglob('*.py')):
        parts = list(file.relative_to(PACKAGE).with_suffix('').parts)
        name = parts[0]
        if name == '__init__':
            continue
        imported = found.setdefault(name, set())
        package = ['vprtempo_ros', *parts[:-1]]
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1] + (node.module or '').split('.')
                targets = [base[1]] if len(base) > 1 and base[1] else [a.name for a in node.names]
                imported.update(targets)
    packages = set(found) - set(BASE)
    return {name: (found[name] & packages) - {name} for name in sorted(packages)}


def levels(edges: dict[str, set[str]]) -> dict[str, int]:
    """Return the height of each package above those that import nothing."""
    height: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in height:
            height[name] = 1 + max((of(other) for other in edges[name]), default=-1)
        return height[name]

    for name in edges:
        of(name)
    return height


def reduced(edges: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the edges that do not follow from others (transitive reduction)."""

    def reach(name: str) -> set[str]:
        return (
            set().union(*({other} | reach(other) for other in edges[name]))
            if edges[name]
            else set()
        )

    return [
        (name, other)
        for name, others in edges.items()
        for other in sorted(others)
        if not any(other in reach(between) for between in others - {other})
    ]


def summary(name: str) -> str:
    """Return the first sentence of the package's or module's docstring."""
    file = PACKAGE / name / '__init__.py'
    text = ast.get_docstring(
        ast.parse((file if file.exists() else PACKAGE / f'{name}.py').read_text())
    )
    return (text or '').strip().split('\n')[0].rstrip('.')


def wrapped(text: str, width: int = 32, lines: int = 2) -> list[str]:
    """Break a text into at most `lines` lines; what does not fit is cut."""
    rows = ['']
    for word in text.split():
        if len(rows[-1]) + len(word) + 1 > width:
            rows.append('')
        rows[-1] = f'{rows[-1]} {word}'.strip()
    if len(rows) > lines:
        rows = [*rows[: lines - 1], rows[lines - 1][: width - 1] + '…']
    return rows


def draw() -> str:
    """Return the picture as SVG."""
    edges = graph()
    height = levels(edges)
    rows: list[list[str]] = [[] for _ in range(max(height.values()) + 1)]
    for name in edges:
        rows[height[name]].append(name)
    widest = max(len(row) for row in rows)
    total_x = 2 * (MARGIN + SHIFT) + widest * WIDTH + (widest - 1) * GAP_X
    total_y = 2 * MARGIN + (len(rows) + 1) * (HEIGHT + GAP_Y) - GAP_Y
    at: dict[str, tuple[float, float]] = {}
    for level, row in enumerate(rows):
        span = len(row) * WIDTH + (len(row) - 1) * GAP_X
        for column, name in enumerate(row):
            x = (total_x - span) / 2 + column * (WIDTH + GAP_X) + SHIFT * (-1) ** level
            at[name] = (x, MARGIN + (len(rows) - 1 - level) * (HEIGHT + GAP_Y))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_x:.0f} {total_y}" '
        f'width="{total_x:.0f}" height="{total_y}">',
        f'<style>{_STYLE}</style>',
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" '
        'style="fill:#8a8a8a;stroke:none"/></marker></defs>',
    ]
    for upper, lower in reduced(edges):
        between = range(height[upper] - 1, height[lower], -1)
        parts.append(
            _arrow(at[upper], at[lower], [[at[name] for name in rows[n]] for n in between])
        )
    for name, (x, y) in at.items():
        parts += _box(x, y, WIDTH, name, summary(name))
    base_y = total_y - MARGIN - HEIGHT
    words = 'imported by all of the above: ' + ', '.join(BASE)
    parts += _box(MARGIN, base_y, total_x - 2 * MARGIN, 'modules of the package', words, 120)
    return '\n'.join([*parts, '</svg>']) + '\n'


def _arrow(start: Point, end: Point, between: list[list[Point]]) -> str:
    """Return a curve from the lower edge of a box to the upper edge of another, past the rows."""
    points = [(start[0] + WIDTH / 2, start[1] + HEIGHT)]
    target = (end[0] + WIDTH / 2, end[1])
    for left, row in zip(range(len(between), 0, -1), between):
        x = points[-1][0] + (target[0] - points[-1][0]) / (left + 1)
        x = _free(x, [box[0] for box in row])
        points += [(x, row[0][1]), (x, row[0][1] + HEIGHT)]
    points.append(target)
    path = f'M{points[0][0]:.0f} {points[0][1]:.0f}'
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        bend = (y1 - y0) / 2
        path += f'C{x0:.0f} {y0 + bend:.0f} {x1:.0f} {y1 - bend:.0f} {x1:.0f} {y1:.0f}'
    return f'<path d="{path}"/>'


def _free(x: float, boxes: list[float]) -> float:
    """Return the x nearest to `x` that is in no box of a row."""
    edges = sorted({left - GAP_X / 2 for left in boxes} | {b + WIDTH + GAP_X / 2 for b in boxes})
    inside = any(left - 6 < x < left + WIDTH + 6 for left in boxes)
    return min(edges, key=lambda edge: abs(edge - x)) if inside else x


def _box(x: float, y: float, width: float, name: str, what: str, letters: int = 32) -> list[str]:
    lines = wrapped(what, letters)
    return [
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{HEIGHT}"/>',
        f'<text class="name" x="{x + 9:.0f}" y="{y + 20:.0f}">{escape(name)}</text>',
        *(
            f'<text class="what" x="{x + 9:.0f}" y="{y + 36 + 14 * n:.0f}">{escape(line)}</text>'
            for n, line in enumerate(lines)
        ),
    ]


if __name__ == '__main__':
    FILE.write_text(draw(), encoding='utf-8')
    print(FILE.relative_to(ROOT))
