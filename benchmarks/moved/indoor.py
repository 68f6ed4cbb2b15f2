"""How a building looks close by: walls, doors, notice boards, furniture, drawn once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vprtempo_ros.demo.textures import Colour, Cutout, Generator, Sheet, cloud, cut

DENSITY = 48.0
"""Texture pixels a metre: a wall an arm's length away is coarser than the camera, as blur is."""

WHITE: Colour = (255, 255, 255)


def grey(level: float) -> Colour:
    """Return a grey level as a colour."""
    tone = int(np.clip(level, 0, 255))
    return tone, tone, tone


@dataclass(frozen=True)
class Style:
    """How a wing is built and painted; `bay` is the distance between its doors in metres."""

    wall: float
    dado: float
    dado_height: float
    door: float
    frame: float
    glazed: bool
    bay: float
    rail: bool
    pilasters: bool
    beams: bool
    tiles: float
    floor: float


def style(rng: Generator) -> Style:
    """Draw the look of a wing."""
    wall = float(rng.uniform(140, 215))
    has_dado = rng.random() < 0.5
    return Style(
        wall,
        wall - float(rng.uniform(25, 70)) if has_dado else wall,
        float(rng.choice([0.9, 1.2])) if has_dado else 0.1,
        float(rng.choice([70, 100, 130, 190])),
        float(rng.choice([60, 110, 200])),
        bool(rng.random() < 0.4),
        float(rng.uniform(2.6, 4.2)),
        bool(rng.random() < 0.3),
        bool(rng.random() < 0.3),
        bool(rng.random() < 0.3),
        float(rng.choice([0.0, 0.6, 0.9])),
        float(rng.uniform(70, 160)),
    )


def plain(rng: Generator, look: Style, width: float, height: float) -> Sheet:
    """Draw a piece of bare wall with its skirting and the marks of use."""
    sheet = Sheet(width, height, DENSITY, grey(look.wall))
    sheet.rect(0.0, 0.0, width, look.dado_height, grey(look.dado))
    rows, columns = sheet.pixels.shape[:2]
    stains = 3.5 * cloud(rng, (rows, columns), 2, 24, 90)
    down = np.arange(rows)[:, None] / rows
    shade = -14.0 * down**6 + 6.0 * (1 - down)
    sheet.pixels = np.clip(sheet.pixels + (stains + shade)[..., None], 0, 255).astype(np.uint8)
    sheet.rect(0.0, 0.0, width, 0.1, grey(look.frame * 0.7))
    if look.rail:
        sheet.rect(0.0, 0.86, width, 0.96, grey(look.door))
        sheet.rect(0.0, 0.83, width, 0.86, grey(look.wall * 0.6))
    return sheet


def door(rng: Generator, look: Style, height: float, ajar: bool) -> Sheet:
    """Draw a door with a piece of wall around it; ajar, a dim room is seen behind it."""
    width = 1.3
    sheet = plain(rng, look, width, height)
    sheet.rect(0.12, 0.0, 1.18, 2.13, grey(look.frame))
    leaf = grey(look.door)
    sheet.rect(0.2, 0.0, 1.1, 2.05, leaf)
    if ajar:
        sheet.rect(0.2, 0.0, 0.85, 2.05, grey(rng.uniform(25, 60)))
        if rng.random() < 0.6:  # a window of the room behind
            sheet.rect(0.3, 0.9, 0.7, 1.8, grey(rng.uniform(140, 250)))
        sheet.rect(0.3, 0.0, 0.75, 0.5, grey(rng.uniform(40, 110)))
    elif look.glazed:
        sheet.rect(0.42, 1.1, 0.88, 1.9, grey(rng.uniform(60, 120)))
    sheet.rect(0.98, 0.98, 1.06, 1.06, grey(210))
    if look.rail:
        sheet.rect(0.12, 0.83, 0.2, 0.96, grey(look.frame))
    return sheet


def window(rng: Generator) -> Sheet:
    """Draw a window as it glows by day: sky over what stands outside, and its bars."""
    sheet = Sheet(1.7, 1.4, DENSITY, grey(235))
    rows, columns = sheet.pixels.shape[:2]
    line = 0.3 + 0.3 * rng.random() + 0.1 * cloud(rng, (1, columns), 4, 20)[0]
    outside = (1 - np.arange(rows)[:, None] / rows) < line
    tone = 120 + 35 * cloud(rng, (rows, columns), 3, 8)
    sheet.pixels = np.where(outside, tone, 238.0)[..., None].repeat(3, 2)
    sheet.pixels = np.clip(sheet.pixels, 0, 255).astype(np.uint8)
    for x in (0.0, 0.82, 1.64):
        sheet.rect(x, 0.0, x + 0.06, 1.4, grey(120))
    for z in (0.0, 1.34):
        sheet.rect(0.0, z, 1.7, z + 0.06, grey(120))
    return sheet


def poster(rng: Generator) -> Sheet:
    """Draw a framed picture or poster."""
    wide = bool(rng.random() < 0.4)
    sheet = Sheet(1.1 if wide else 0.6, 0.75 if wide else 0.9, DENSITY, grey(rng.uniform(30, 240)))
    for _ in range(int(rng.integers(2, 6))):
        x, z = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height)
        if rng.random() < 0.5:
            sheet.disc(x, z, rng.uniform(0.05, 0.3), grey(rng.uniform(10, 250)))
        else:
            sheet.rect(
                x,
                z,
                x + rng.uniform(0.1, 0.5),
                z + rng.uniform(0.05, 0.4),
                grey(rng.uniform(10, 250)),
            )
    _frame(sheet, rng.uniform(20, 220), 0.04)
    return sheet


def board(rng: Generator) -> Sheet:
    """Draw a notice board full of papers."""
    sheet = Sheet(float(rng.uniform(1.2, 2.0)), 1.1, DENSITY, grey(rng.uniform(90, 140)))
    for x in np.arange(0.1, sheet.width - 0.25, 0.27).tolist():
        for z in (0.08, 0.42, 0.75):
            if rng.random() < 0.6:
                sheet.rect(x, z, x + 0.21, z + 0.28, grey(rng.uniform(170, 250)))
                sheet.rect(x + 0.03, z + 0.16, x + 0.18, z + 0.22, grey(rng.uniform(40, 160)))
    _frame(sheet, 70, 0.04)
    return sheet


def fitting(rng: Generator) -> Sheet:
    """Draw one of the small things on a corridor's wall: hose box, extinguisher, switchboard."""
    kind = int(rng.integers(4))
    if kind == 0:
        sheet = Sheet(0.7, 0.8, DENSITY, grey(75))
        sheet.disc(0.35, 0.4, 0.25, grey(130))
    elif kind == 1:
        sheet = Sheet(0.22, 0.7, DENSITY, grey(65))
        sheet.rect(0.0, 0.45, 0.22, 0.7, grey(40))
    elif kind == 2:
        sheet = Sheet(0.5, 0.9, DENSITY, grey(175))
        sheet.rect(0.05, 0.1, 0.45, 0.8, grey(150))
    else:
        sheet = Sheet(0.35, 0.35, DENSITY, grey(60))
        sheet.rect(0.08, 0.1, 0.27, 0.25, WHITE)
    _frame(sheet, rng.uniform(30, 90), 0.02)
    return sheet


def furniture(rng: Generator) -> Sheet:
    """Draw the front of a cupboard, a copier or a rack of drawers, to be made a box of."""
    height = float(rng.choice([0.8, 1.1, 1.9]))
    tone = rng.uniform(60, 200)
    sheet = Sheet(float(rng.uniform(0.8, 1.4)), height, DENSITY, grey(tone))
    for z in np.arange(0.1, height - 0.1, float(rng.choice([0.3, 0.45, 0.9]))).tolist():
        sheet.rect(0.04, z, sheet.width - 0.04, z + 0.02, grey(tone * 0.5))
        sheet.rect(
            sheet.width / 2 - 0.08, z + 0.12, sheet.width / 2 + 0.08, z + 0.16, grey(tone * 0.4)
        )
    sheet.rect(sheet.width / 2 - 0.01, 0.05, sheet.width / 2 + 0.01, height, grey(tone * 0.6))
    return sheet


def plant(rng: Generator) -> Cutout:
    """Draw a pot plant."""
    sheet, mask = (Sheet(0.9, 1.5, DENSITY, grey(level)) for level in (70, 0))
    for drawing, tone in ((sheet, grey(rng.uniform(80, 200))), (mask, WHITE)):
        drawing.polygon(tone, (0.3, 0.0), (0.6, 0.0), (0.65, 0.4), (0.25, 0.4))
    for _ in range(40):
        x, z = 0.45 + 0.18 * rng.standard_normal(), 0.95 + 0.25 * rng.standard_normal()
        sheet.disc(x, z, 0.09, grey(rng.uniform(40, 110)))
        mask.disc(x, z, 0.07, WHITE)
    return cut(sheet, mask)


def small_thing(rng: Generator) -> Cutout:
    """Draw a chair, a bin or a box on the floor."""
    kind = int(rng.integers(3))
    sheet, mask = (Sheet(0.6, 1.0, DENSITY, grey(level)) for level in (rng.uniform(40, 180), 0))
    if kind == 0:
        mask.rect(0.08, 0.4, 0.52, 0.5, WHITE)
        mask.rect(0.08, 0.5, 0.16, 1.0, WHITE)
        for x in (0.1, 0.46):
            mask.rect(x, 0.0, x + 0.05, 0.45, WHITE)
    elif kind == 1:
        mask.polygon(WHITE, (0.16, 0.0), (0.44, 0.0), (0.5, 0.7), (0.1, 0.7))
        sheet.rect(0.0, 0.58, 0.6, 0.7, grey(40))
    else:
        mask.rect(0.05, 0.0, 0.55, 0.45, WHITE)
        sheet.rect(0.05, 0.2, 0.55, 0.24, grey(90))
    return cut(sheet, mask)


def person(rng: Generator) -> Cutout:
    """Draw someone who walks there, 1.55 to 1.9 m tall."""
    tall = float(rng.uniform(1.55, 1.9))
    sheet, mask = (Sheet(0.8, tall, DENSITY, grey(level)) for level in (rng.uniform(25, 220), 0))
    legs, skin, hair = rng.uniform(25, 130), rng.uniform(90, 190), rng.uniform(20, 150)
    stride = rng.uniform(0.04, 0.16)
    hip, neck = 0.5 * tall, tall - 0.3
    sheet.rect(0.0, 0.0, 0.8, hip, grey(legs))
    sheet.rect(0.0, neck + 0.02, 0.8, tall, grey(skin))
    sheet.rect(0.0, tall - 0.11, 0.8, tall, grey(hair))
    for side in (-1, 1):
        foot = 0.4 + side * (0.06 + stride)
        mask.polygon(
            WHITE,
            (foot - 0.07, 0.0),
            (foot + 0.08, 0.0),
            (0.4 + side * 0.02, hip),
            (0.4 + side * 0.19, hip),
        )
        arm = 0.4 + side * 0.26
        mask.polygon(
            WHITE,
            (arm - 0.05, hip - 0.08),
            (arm + 0.05, hip - 0.08),
            (0.4 + side * 0.24, neck - 0.06),
            (0.4 + side * 0.15, neck - 0.06),
        )
    mask.polygon(
        WHITE,
        (0.2, hip),
        (0.6, hip),
        (0.63, neck - 0.07),
        (0.5, neck),
        (0.3, neck),
        (0.17, neck - 0.07),
    )
    mask.disc(0.4, tall - 0.13, 0.115, WHITE)
    rows, columns = sheet.pixels.shape[:2]
    folds = 8 * cloud(rng, (rows, columns), 3, 10)[..., None]
    sheet.pixels = np.clip(sheet.pixels + folds, 0, 255).astype(np.uint8)
    return cut(sheet, mask)


def _frame(sheet: Sheet, level: float, width: float) -> None:
    tone = grey(level)
    sheet.rect(0.0, 0.0, sheet.width, width, tone)
    sheet.rect(0.0, sheet.height - width, sheet.width, sheet.height, tone)
    sheet.rect(0.0, 0.0, width, sheet.height, tone)
    sheet.rect(sheet.width - width, 0.0, sheet.width, sheet.height, tone)
