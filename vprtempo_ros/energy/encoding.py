"""
Operations of the encoders for one frame, step by step of their code, on a CPU.

A multiply-accumulate, a product or an addition counts as one multiply-accumulate, of floats or of
8-bit integers; tables, copies and comparisons are free. Other functions count as what computes
them:

- a quotient, 5: two Newton iterations of two on an estimate of 8 bits, and one product;
- a square root, 7: the same with iterations of three;
- an angle, 10: a quotient, and OpenCV's polynomial of four coefficients in odd powers;
- a power, 20: the polynomials of a logarithm and of an exponential, of degree 8 each.

An image is taken for grey, of 8 bits; with three colours `COLOUR` is added for each pixel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ..config import EncodingConfig, OrientedConfig
from ..encoding.descriptor import DescriptorEncoder
from ..encoding.encoder import Encoder
from ..encoding.event_counts import EventEncoder
from ..encoding.oriented import OrientedEncoder
from ..encoding.pixels import PixelEncoder
from ..errors import ConfigError
from ..events.packet import Size
from .onnx_operations import products_of

QUOTIENT, ROOT, ANGLE, POWER = 5, 7, 10, 20
# Products of 8 bits to grey.
COLOUR = 3
# Of a count of events, by encoding.tone; empty: the square root.
_TONES = {'': ROOT, 'linear': 0, 'sqrt': ROOT, 'root4': 2 * ROOT, 'log': POWER // 2}


class Part(NamedTuple):
    """A step of an encoder: multiply-accumulates of floats, and of 8-bit integers."""

    name: str
    floats: int
    integers: int


def encoder_operations(
    encoder: Encoder, config: EncodingConfig, size: Size, events: bool
) -> list[Part]:
    """
    Return the operations of a frame of this width and height, by step.

    :param events: whether frames are counts of events, floats, not grey images.
    :raises ConfigError: if the encoder is not one of this package, or its network cannot be run.
    """
    if isinstance(encoder, OrientedEncoder):
        parts = _oriented(config.oriented, size, events)
    elif isinstance(encoder, EventEncoder):
        parts = _counts(config, size)
    elif isinstance(encoder, PixelEncoder):
        parts = _pixels(config, size)
    elif isinstance(encoder, DescriptorEncoder):
        parts = _descriptor(encoder, config, size)
    else:
        raise ConfigError(f'the operations of encoder {config.encoder!r} are not known')
    if config.adapt:
        # Distance 2, mean 2, variance 3, its root, and scaling by it.
        parts.append(Part('standardise', encoder.length * (7 + ROOT + QUOTIENT + 5), 0))
    return parts


def overlaps(source: int, target: int) -> int:
    """Return how many pairs of source and target pixels overlap when a row is averaged."""
    return source + target - math.gcd(source, target)


def _area(size: Size, small: Size) -> int:
    """Return the products of averaging: along all rows, then along the columns of the result."""
    return size[1] * overlaps(size[0], small[0]) + small[0] * overlaps(size[1], small[1])


def _halved(size: Size, smallest: Size) -> tuple[Size, int]:
    """Return the size after halving while it is at least `smallest`, and the additions of that."""
    (width, height), added = size, 0
    while width >= smallest[0] and height >= smallest[1]:
        width, height = width // 2, height // 2
        added += 4 * width * height
    return (width, height), added


def _oriented(config: OrientedConfig, size: Size, events: bool) -> list[Part]:
    side, bins, cells = config.side, config.orientations, config.cells
    pixels, length = side * side, bins * cells * cells
    # Halved while the shorter side is at least four times that of the small image.
    halved, added = _halved(size, (4 * side, 4 * side))
    # The square root of grey is a table; counts also take their mean and a scale.
    root = pixels * (ROOT + 2) if events else 0
    shrunk = _area(halved, (side, side)) + root
    return [
        Part('shrink', shrunk + (added if events else 0), 0 if events else added),
        # Two differences; a length of two squares and a root, an angle.
        Part('gradients', pixels * (2 + 2 + ROOT + ANGLE), 0),
        # Position and share in two orientations, then two rows of cells for each: a product and a
        # sum.
        Part('orientations', pixels * (4 + 4 * 2), 0),
        Part('pool', cells * bins * side * cells + (length if config.opposite > 0 else 0), 0),
        # Squares, sums over boxes (running: two each way), and a root and two quotients for each
        # cell; then a product and rounding.
        Part('divide', length * 3 + cells * cells * (4 + ROOT + 2 * QUOTIENT), 0),
    ]


def _pixels(config: EncodingConfig, size: Size) -> list[Part]:
    width, height = config.width, config.height
    pixels, whole = width * height, size[0] * size[1]
    if config.resize == 'area':
        halved, added = _halved(size, (8 * width, 8 * height))
        shrink = Part('shrink', _area(halved, (width, height)) + 256 * POWER, whole + added)
    else:
        # Four pixels for each of the result: grey, stretched, a power; rows, then columns.
        shrink = Part('shrink', 4 * pixels * (3 + POWER) + 2 * (2 * pixels + pixels), whole)
    return [shrink, _patches(pixels)]


def _counts(config: EncodingConfig, size: Size) -> list[Part]:
    """Return the operations of encoder pixels for counts of events, which has no gamma."""
    pixels = config.width * config.height
    shrunk = 0 if config.resize == 'nth' else _area(size, (config.width, config.height))
    parts = [Part('shrink', shrunk + pixels * _TONES[config.tone], 0)]
    return [*parts, _patches(pixels)] if config.contrast == 'patch' else parts


def _patches(pixels: int) -> Part:
    # Mean 2, two boxes of four, a square, mean and variance of the patch, its root, and clipping.
    return Part('patches', pixels * (11 + 2 * QUOTIENT + 4 + ROOT + QUOTIENT + 4), 0)


def _descriptor(encoder: DescriptorEncoder, config: EncodingConfig, size: Size) -> list[Part]:
    width, height, channels = encoder.width, encoder.height, encoder.channels
    # Averaged where it is reduced, interpolated where it is enlarged.
    smaller = size[0] >= width and size[1] >= height
    shrunk = _area(size, (width, height)) if smaller else 6 * width * height
    scaled = 2 * width * height * channels
    return [
        Part('shrink', shrunk + scaled, 0),
        Part('network', products_of(config.descriptor.model, encoder), 0),
        Part('roots', encoder.length * (ROOT + 4), 0),
    ]
