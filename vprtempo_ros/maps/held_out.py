"""Frames that are held out of training, to fit confidence on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ..arrays import Indices, Integers, Spikes
from .samples import HELD_OUT, TraverseSamples

# Maximum number of frames to use.
_MOST = 1024


@dataclass(frozen=True)
class HeldOut:
    """
    Held-out frames in recorded order.

    spikes: uint8 (frames, inputs), as the network takes them; places, stamps: int64 (frames,), the
    correct place of each and its time in ns.
    """

    spikes: Spikes
    places: Indices
    stamps: Integers

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamps)


def held_out_frames(traverses: Sequence[TraverseSamples], adapt: bool) -> HeldOut | None:
    """
    Return the frames of the traverses that confidence is refined on, if there are any.

    Of more than 1024 frames it is every second, fourth, ... of them.
    """
    found = [each for each in traverses if each.role == HELD_OUT and len(each.places)]
    if not found:
        return None
    count = sum(len(each.places) for each in found)
    stride = 1
    while -(-count // stride) > _MOST:
        stride *= 2
    return HeldOut(
        np.concatenate([each.shown(adapt) for each in found])[::stride],
        np.concatenate([each.places for each in found])[::stride],
        np.concatenate([each.stamps for each in found])[::stride],
    )
