"""
Textures of the demo world: facades, trees and cars, drawn once.

They are drawn in metres with OpenCV's primitives, so that the package ships no pictures. Colours
are RGB.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
Generator = np.random.Generator

FACADE_DENSITY = 40.0
"""Texture pixels per metre of a facade; side walls and cut-outs have their own density."""
SIDE_DENSITY = 20.0
CUTOUT_DENSITY = 60.0

BRICK: tuple[Colour, ...] = ((158, 92, 72), (134, 74, 60), (190, 160, 116), (118, 96, 86))
RENDER: tuple[Colour, ...] = (
    (226, 214, 190),
    (230, 228, 222),
    (168, 186, 200),
    (166, 182, 150),
    (208, 170, 104),
    (214, 172, 162),
    (190, 120, 92),
    (150, 150, 148),
    (110, 116, 126),
)
ROOF: tuple[Colour, ...] = ((140, 74, 56), (84, 84, 92), (104, 82, 70))
ACCENT: tuple[Colour, ...] = (
    (150, 34, 38),
    (28, 80, 62),
    (32, 58, 104),
    (196, 148, 40),
    (70, 42, 80),
    (40, 40, 44),
)
SIGNS = ('CAFE', 'BOOKS', 'BAKERY', 'PHARMA', 'HOTEL', 'OPTIK', 'BIKES', 'KIOSK', 'MUSIC', 'TOOLS')
CAR_PAINT: tuple[Colour, ...] = (
    (176, 34, 36),
    (36, 62, 116),
    (214, 214, 212),
    (52, 54, 58),
    (148, 152, 156),
    (58, 96, 74),
)


def shade(colour: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor < 1) or lighter (factor > 1)."""
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue


def cloud(rng: Generator, shape: tuple[int, int], *cells: int) -> NDArray[np.float32]:
    """Return smooth noise of about unit spread, float32 of the shape; one octave a cell size."""
    total = np.zeros(shape, np.float32)
    for cell in cells:
        coarse = (max(2, shape[0] // cell + 1), max(2, shape[1] // cell + 1))
        octave = rng.standard_normal(coarse, dtype=np.float32)
        smooth = cv2.resize(octave, shape[::-1], interpolation=cv2.INTER_CUBIC)
        total += np.asarray(smooth, np.float32)
    return total / np.float32(len(cells) ** 0.5)


def mottled(pixels: Pixels, rng: Generator, strength: float, *cells: int) -> Pixels:
    """Return the picture with noise added that is the same in all channels; strength in levels."""
    noise = strength * cloud(rng, (pixels.shape[0], pixels.shape[1]), *cells)
    return np.clip(pixels + noise[..., None], 0, 255).astype(np.uint8)


class Sheet:
    """A drawing in metres: x to the right, z up, from its lower left corner."""

    def __init__(self, width: float, height: float, density: float, colour: Colour) -> None:
        """Make a sheet of one colour, `density` pixels per metre."""
        self.width, self.height, self.density = width, height, density
        shape = (round(height * density), round(width * density), 3)
        self.pixels: Pixels = np.full(shape, colour, np.uint8)

    def points(self, *corners: tuple[float, float]) -> NDArray[np.int32]:
        """Return corners (x, z) in metres as pixels (column, row) with 4 fractional bits."""
        metres = np.array(corners)
        pixels = np.stack([metres[:, 0], self.height - metres[:, 1]], axis=1) * self.density - 0.5
        return np.round(pixels * 16).astype(np.int32)

    def polygon(self, colour: Colour, *corners: tuple[float, float]) -> None:
        """Fill a convex polygon."""
        cv2.fillConvexPoly(self.pixels, self.points(*corners), colour, cv2.LINE_AA, 4)

    def rect(self, x0: float, z0: float, x1: float, z1: float, colour: Colour) -> None:
        """Fill an upright rectangle."""
        self.polygon(colour, (x0, z0), (x1, z0), (x1, z1), (x0, z1))

    def disc(self, x: float, z: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        centre = self.points((x, z))[0]
        size = round(radius * self.density * 16)
        where = (int(centre[0]), int(centre[1]))
        cv2.circle(self.pixels, where, size, colour, -1, cv2.LINE_AA, 4)


def _masonry(sheet: Sheet, kind: str, colour: Colour, rng: Generator) -> None:
    rows, columns = sheet.pixels.shape[:2]
    z = np.arange(rows)[:, None] / sheet.density
    x = np.arange(columns)[None, :] / sheet.density
    tone = np.zeros((rows, columns), np.float32)
    if kind == 'brick':
        course = (z / 0.15).astype(int)
        along = x / 0.45 + 0.5 * (course % 2)
        tints = rng.normal(0.0, 9.0, (course.max() + 1, int(along.max()) + 1))
        tone += tints[np.broadcast_to(course, tone.shape), along.astype(int)]
        tone += 26.0 * ((z % 0.15 < 0.026) | (along % 1.0 < 0.06))
    elif kind == 'boards':
        tone -= 30.0 * (z % 0.24 < 0.05)
    elif kind == 'panels':
        tone -= 34.0 * ((z % 2.9 < 0.06) | (x % 2.4 < 0.06))
    tone += 5.0 * cloud(rng, (rows, columns), 3, 20, 120)
    # Dirt darkens the foot of a wall.
    tone -= 26.0 * np.exp(-(sheet.height - z) / 0.5).astype(np.float32)
    sheet.pixels = np.clip(np.array(colour, np.float32) + tone[..., None], 0, 255).astype(np.uint8)


def _window(
    sheet: Sheet, x: float, z: float, w: float, h: float, frame: Colour, rng: Generator, bars: int
) -> None:
    sheet.rect(x - 0.1, z - 0.14, x + w + 0.1, z, shade(frame, 0.86))
    sheet.rect(x - 0.07, z, x + w + 0.07, z + h + 0.07, frame)
    glass = rng.uniform(0.7, 1.25)
    for step in range(4):  # higher panes reflect more sky
        low, high = z + h * step / 4, z + h * (step + 1) / 4
        sheet.rect(x, low, x + w, high, shade((52, 62, 74), glass * (0.8 + 0.22 * step)))
    if rng.random() < 0.35:
        sheet.rect(x, z + h * rng.uniform(0.3, 0.8), x + w, z + h, (206, 200, 188))
    for bar in range(1, bars + 1):
        middle = x + w * bar / (bars + 1)
        sheet.rect(middle - 0.03, z, middle + 0.03, z + h, frame)


def _ground_floor(
    sheet: Sheet,
    kind: str,
    bays: int,
    accent: Colour,
    frame: Colour,
    rng: Generator,
    paint: Generator,
) -> None:
    bay = sheet.width / bays
    door = int(rng.integers(bays))
    if kind == 'shop':
        sheet.rect(0.3, 0.0, sheet.width - 0.3, 2.75, shade(accent, 0.75))
    for index in range(bays):
        x = index * bay
        if index == door:
            width = min(1.2, bay - 0.5)
            left = x + (bay - width) / 2
            sheet.rect(left - 0.12, 0.0, left + width + 0.12, 2.5, frame)
            sheet.rect(left, 0.0, left + width, 2.4, accent)
            sheet.rect(left + 0.15, 1.1, left + width - 0.15, 2.2, (60, 68, 78))
            sheet.rect(left - 0.2, 0.0, left + width + 0.2, 0.14, (150, 148, 142))
        elif kind == 'shop':
            _window(sheet, x + 0.3, 0.55, bay - 0.6, 2.0, shade(accent, 1.1), rng, 0)
            for _ in range(4):  # goods in the shop window
                at = x + rng.uniform(0.5, max(0.55, bay - 0.8))
                goods = shade(ACCENT[rng.integers(len(ACCENT))], 1.3)
                sheet.rect(at, 0.6, at + 0.3, rng.uniform(0.8, 1.5), goods)
        elif kind == 'garage':
            sheet.rect(x + 0.25, 0.0, x + bay - 0.25, 2.35, (186, 186, 182))
            for z in np.arange(0.3, 2.3, 0.3).tolist():
                sheet.rect(x + 0.25, z, x + bay - 0.25, z + 0.04, (140, 140, 138))
        else:
            _window(sheet, x + bay * 0.25, 0.95, bay * 0.5, 1.5, frame, rng, 1)
    if kind == 'shop':
        sheet.rect(0.15, 2.7, sheet.width - 0.15, 3.3, accent)
        text, scale = SIGNS[paint.integers(len(SIGNS))], 0.5 * sheet.density / 22.0
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 2)
        where = ((sheet.pixels.shape[1] - width) // 2, round((sheet.height - 2.81) * sheet.density))
        cv2.putText(
            sheet.pixels,
            text,
            where,
            cv2.FONT_HERSHEY_DUPLEX,
            scale,
            (238, 232, 214),
            2,
            cv2.LINE_AA,
        )


def house(seed: int, coat: int) -> tuple[Sheet, Sheet]:
    """
    Draw the front and a side wall of one house.

    The seed determines its shape (size, storeys, windows), the coat its paint, curtains and sign:
    the same seed with another coat is the same house repainted.
    """
    rng = np.random.default_rng((seed, 0))
    paint = np.random.default_rng((seed, 1, coat))
    kind = str(rng.choice(['brick', 'brick', 'render', 'render', 'boards', 'panels']))
    palette = BRICK if kind == 'brick' else RENDER
    wall = palette[paint.integers(len(palette))]
    accent = ACCENT[paint.integers(len(ACCENT))]
    frame: Colour = (236, 234, 228) if paint.random() < 0.7 else (66, 60, 58)
    floors, bays = int(rng.integers(1, 4)), int(rng.integers(2, 5))
    width = bays * float(rng.uniform(2.3, 3.1))
    roof = float(rng.choice([0.5, 0.5, 2.2]))
    eaves = 3.4 + 2.9 * floors
    front = Sheet(width, eaves + roof, FACADE_DENSITY, wall)
    side = Sheet(8.0, eaves + 0.5 * roof, SIDE_DENSITY, wall)
    for sheet in (front, side):
        _masonry(sheet, kind, wall, rng)

    size = (rng.uniform(0.38, 0.6), rng.uniform(1.35, 1.8), int(rng.integers(0, 3)))
    shutters, balcony = rng.random() < 0.25, rng.random() < 0.3
    for floor in range(floors):
        z = 3.4 + 2.9 * floor + 0.75
        for bay in range(bays):
            w = width / bays * size[0]
            x = width / bays * (bay + 0.5) - w / 2
            _window(front, x, z, w, size[1], frame, paint, size[2])
            if shutters:
                for left in (x - 0.42, x + w + 0.08):
                    front.rect(left, z, left + 0.34, z + size[1], accent)
            if balcony and bay % 2 == 0:
                front.rect(x - 0.4, z - 0.5, x + w + 0.4, z - 0.3, (150, 148, 144))
                for rail in np.arange(x - 0.36, x + w + 0.4, 0.16).tolist():
                    front.rect(rail, z - 0.3, rail + 0.05, z + 0.5, (60, 60, 62))
        if rng.random() < 0.6:
            _window(side, rng.uniform(1.0, 6.0), z, 1.0, 1.3, frame, paint, 1)
    use = str(rng.choice(['shop', 'shop', 'home', 'home', 'garage']))
    _ground_floor(front, use, bays, accent, frame, rng, paint)
    front.rect(0.0, 3.32, width, 3.46, shade(wall, 0.8))
    if roof > 1.0:
        tiles = ROOF[rng.integers(len(ROOF))]
        front.rect(0.0, eaves, width, eaves + roof, tiles)
        for z in np.arange(eaves, eaves + roof, 0.22).tolist():
            front.rect(0.0, z, width, z + 0.06, shade(tiles, 0.78))
        for bay in range(0, bays, 2):
            x = width / bays * (bay + 0.5)
            front.rect(x - 0.65, eaves + 0.2, x + 0.65, eaves + 1.75, shade(wall, 0.95))
            _window(front, x - 0.4, eaves + 0.45, 0.8, 1.0, frame, paint, 1)
    front.rect(0.0, eaves - 0.12, width, eaves + 0.12, shade(wall, 1.14))
    front.rect(0.0, eaves - 0.2, width, eaves - 0.12, shade(wall, 0.6))
    front.rect(0.08, 0.2, 0.18, eaves, (78, 80, 82))  # downpipe
    return front, side


@dataclass(frozen=True)
class Cutout:
    """
    A shape with transparency: RGB premultiplied by alpha, and alpha, as an image pyramid.

    `levels` holds uint8 arrays (rows, columns, 4), each half the size of the one before; width
    and height are in metres.
    """

    levels: tuple[Pixels, ...]
    width: float
    height: float


def cut(sheet: Sheet, mask: Sheet) -> Cutout:
    """Cut a drawing out along a mask, white where the shape is."""
    alpha = mask.pixels[..., :1]
    colour = (sheet.pixels * (alpha / 255.0)).astype(np.uint8)
    levels = [np.concatenate([colour, alpha], axis=2)]
    while min(levels[-1].shape[:2]) > 8:
        rows, columns = levels[-1].shape[:2]
        half = ((columns + 1) // 2, (rows + 1) // 2)
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
    return Cutout(tuple(levels), sheet.width, sheet.height)


def tree(rng: Generator, width: float, height: float, trunk: float) -> Cutout:
    """Draw a tree whose crown begins at `trunk` metres: clumps of leaves, lighter on top."""
    sheet = Sheet(width, height, CUTOUT_DENSITY, (86, 70, 56))
    mask = Sheet(width, height, CUTOUT_DENSITY, (0, 0, 0))
    mask.polygon(
        (255, 255, 255),
        (width / 2 - 0.2, 0.0),
        (width / 2 + 0.2, 0.0),
        (width / 2 + 0.08, height * 0.7),
        (width / 2 - 0.08, height * 0.7),
    )
    leaf = shade((74, 104, 50), float(rng.uniform(0.75, 1.2)))
    crown = (height - trunk) / 2
    for _ in range(260):
        angle, reach = rng.uniform(0, 2 * np.pi), 0.9 * rng.random() ** 0.5
        x = width / 2 + reach * np.cos(angle) * width / 2
        z = trunk + crown + reach * np.sin(angle) * crown
        light = 0.75 + 0.4 * (z - trunk) / (height - trunk) + rng.normal(0.0, 0.1)
        radius = rng.uniform(0.1, 0.3) * min(1.0, width / 4)
        sheet.disc(x, z, radius * 1.3, shade(leaf, float(max(0.3, light))))
        mask.disc(x, z, radius, (255, 255, 255))
    sheet.pixels = mottled(sheet.pixels, rng, 14.0, 2, 8)
    return cut(sheet, mask)


def post(height: float, head: str, colour: Colour) -> Cutout:
    """Draw a post with a head: 'lamp', 'sign' (a round traffic sign) or 'board'."""
    sheet = Sheet(1.2, height, CUTOUT_DENSITY, (84, 88, 90))
    mask = Sheet(1.2, height, CUTOUT_DENSITY, (0, 0, 0))
    mask.rect(0.55, 0.0, 0.65, height - 0.1, (255, 255, 255))
    if head == 'lamp':
        for drawing, tone in ((mask, (255, 255, 255)), (sheet, (216, 214, 204))):
            drawing.polygon(
                tone,
                (0.4, height - 0.6),
                (0.8, height - 0.6),
                (0.9, height - 0.1),
                (0.3, height - 0.1),
            )
    elif head == 'sign':
        mask.disc(0.6, height - 0.4, 0.36, (255, 255, 255))
        sheet.disc(0.6, height - 0.4, 0.4, colour)
        sheet.disc(0.6, height - 0.4, 0.25, (232, 230, 226))
    else:
        mask.rect(0.1, height - 0.9, 1.1, height, (255, 255, 255))
        sheet.rect(0.1, height - 0.9, 1.1, height, colour)
        sheet.rect(0.22, height - 0.5, 0.98, height - 0.38, (236, 234, 230))
        sheet.rect(0.22, height - 0.7, 0.8, height - 0.6, (236, 234, 230))
    return cut(sheet, mask)


def car(paint: Colour) -> tuple[Cutout, Cutout, Cutout, Cutout]:
    """Draw a hatchback: its side (4.0 m, nose to the right), its rear, its windscreen, its nose."""
    glass: Colour = (44, 52, 60)
    white: Colour = (255, 255, 255)
    side, outline = (Sheet(4.0, 1.5, CUTOUT_DENSITY, c) for c in (paint, (0, 0, 0)))
    outline.rect(0.0, 0.25, 4.0, 0.9, white)
    outline.polygon(white, (0.02, 0.85), (0.12, 1.5), (2.5, 1.5), (3.1, 0.9), (4.0, 0.85))
    side.rect(0.0, 0.2, 4.0, 0.42, shade(paint, 0.5))
    side.polygon(glass, (0.3, 0.95), (0.36, 1.38), (1.2, 1.38), (1.2, 0.95))
    side.polygon(glass, (1.3, 0.95), (1.3, 1.38), (2.45, 1.38), (2.85, 0.95))
    side.rect(1.24, 0.42, 1.27, 0.95, shade(paint, 0.6))
    side.rect(0.0, 0.7, 0.12, 0.86, (170, 30, 30))
    side.rect(3.82, 0.66, 4.0, 0.8, (226, 226, 214))
    for x in (0.78, 3.2):
        outline.disc(x, 0.31, 0.31, white)
        side.disc(x, 0.31, 0.38, shade(paint, 0.35))
        side.disc(x, 0.31, 0.31, (28, 28, 30))
        side.disc(x, 0.31, 0.18, (150, 152, 154))

    def end(height: float, lamp: Colour, inset: float) -> Cutout:
        sheet, mask = (Sheet(1.7, height, CUTOUT_DENSITY, c) for c in (paint, (0, 0, 0)))
        mask.polygon(
            white,
            (0.0, 0.22),
            (1.7, 0.22),
            (1.7, 0.9),
            (1.7 - inset, height),
            (inset, height),
            (0.0, 0.9),
        )
        sheet.rect(0.0, 0.25, 1.7, 0.42, shade(paint, 0.45))
        sheet.polygon(glass, (0.22, 0.95), (1.48, 0.95), (1.38, 1.38), (0.32, 1.38))
        for x in (0.03, 1.42):
            sheet.rect(x, 0.66, x + 0.25, 0.84, lamp)
        sheet.rect(0.6, 0.5, 1.1, 0.62, (228, 226, 214))
        return cut(sheet, mask)

    return (
        cut(side, outline),
        end(1.5, (176, 32, 32), 0.12),
        end(1.5, paint, 0.12),
        end(0.9, (232, 232, 220), 0.0),
    )
