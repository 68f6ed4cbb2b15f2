"""How the output layer is best fitted to the spikes of an encoder; measured, see below."""

from __future__ import annotations

from typing import NamedTuple

from .augmentation import NEAR, WIDE, Change


class FitProfile(NamedTuple):
    """
    Settings of the fit that depend on how far an encoder's spikes tolerate a changed view.

    changes: augmentations of reference frames; decays: weight decays to choose from, in units of
    the mean power of an input; correlation: share of plain correlation in the response, 0 to 1;
    normalisation: how much of the differences between the responses of places is removed, 0 to 1;
    colours: the encoder uses colours, so augmentations need them too.
    """

    changes: tuple[Change, ...]
    decays: tuple[float, ...]
    correlation: float
    normalisation: float
    colours: bool = False


# Spikes of pooled features tolerate a shift by part of a cell. Full normalisation of places costs
# moved views up to 0.08 of recall, none costs Nordland 0.01; a share of correlation of 0.2 to 0.6
# gives the same recall within 0.01 on average (docs/research/recall.md).
POOLED = FitProfile(WIDE, (0.3, 1.0, 3.0, 10.0), 0.5, 0.5)

# Spikes of pixels do not: with the settings above, recall on Nordland falls from 0.67 to 0.42.
PIXELS = FitProfile(NEAR, (0.3,), 0.0, 1.0)

# A network that was trained to describe places tolerates changed views by itself: augmentations, at
# tens of milliseconds each, change recall by 0.02 either way, as decays from 1 to 10 do. Any
# normalisation of places costs 0.01 to 0.06 (docs/research/recall.md).
DESCRIPTOR = FitProfile((), (5.0,), 0.5, 0.0)
