"""For each chip: whether a map fits, what exceeds it, its limits, and a map that would fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..arrays import Spikes
from ..network.network import Network
from ..network.segments import Segments
from ..support.sampling import evenly_spread
from .chips import CHIPS, exceeded
from .smaller import Smaller, smaller

# Frames of a map, evenly spaced, that a smaller one is run on.
_FRAMES = 500


def fit_lines(
    network: Network, shown: Spikes, recall: Callable[[Smaller], str]
) -> Iterator[tuple[str, str]]:
    """
    Yield lines of a name and a text for each chip; a line without a name continues the one before.

    :param shown: uint8 (places, inputs), the spikes of the places as the network takes them.
    :param recall: what a smaller network recognises, in words.
    """
    for chip in CHIPS:
        found = exceeded(chip, network)
        yield chip.name, f'does not fit: {found[0]}' if found else 'fits, untested on a chip'
        for line in found[1:]:
            yield '', line
        yield '', f'limits: {chip.limits} ({chip.source})'
        if not found:
            continue
        made = smaller(network, shown, *chip.largest(network.inputs, network.places))
        if made is None:
            yield '', 'no smaller map: this network is not one matrix'
            continue
        left = f'{len(made.inputs):,} of {network.inputs:,} inputs'
        if made.network.places < network.places:
            left += f', the first {made.network.places:,} places'
        yield '', f'would fit: {left}, weights of 8 bits; {recall(made)}'


def own_frames(made: Smaller, shown: Spikes, tolerance: int, segments: Segments) -> str:
    """Return in words how many frames of its places a smaller network recognises."""
    places = made.network.places
    chosen = evenly_spread(places, _FRAMES)
    best = made.similarity(shown[chosen]).argmax(axis=1)
    first, end = (bounds[chosen] for bounds in segments.windows(tolerance))
    right = int(((first <= best) & (best < end)).sum())
    return f'it recognises {right} of {len(chosen)} of its own frames'
