"""From operations to energy."""

from __future__ import annotations

from typing import NamedTuple

from ..config import EnergyConfig
from .operations import Count


class Item(NamedTuple):
    """
    A way to run the network on an engine.

    layers: microjoules a frame by layer; updates: of its neurons; pj: of an operation.
    """

    engine: str
    counted: Count
    pj: float
    layers: tuple[float, float]
    updates: float

    @property
    def total(self) -> float:
        """Microjoules a frame."""
        return sum(self.layers) + self.updates


def bill(counts: list[Count], constants: EnergyConfig) -> list[Item]:
    """
    Return what a frame costs, on the average over the frames counted.

    Operations alone: no memory, no clock, no host, and nothing for a chip that waits.
    """
    items = []
    for count in counts:
        if count.name == 'dense float32':
            items.append(_item('CPU float32, 45 nm', count, constants.mac_fp32, 0.0))
        elif count.name == 'one matrix':
            items.append(_item('  as one matrix', count, constants.mac_fp32, 0.0))
        elif count.name == 'dense int8':
            items.append(_item('CPU int8, 45 nm', count, constants.mac_int8, 0.0))
        else:
            items.append(
                _item(f'Loihi, {count.name}', count, constants.loihi_synop, constants.loihi_neuron)
            )
            if count.name == 'rate':
                items.append(_item('Speck, rate', count, constants.speck_synop, 0.0))
    return items


def _item(engine: str, count: Count, pj: float, pj_update: float) -> Item:
    first, second = (count.operations.mean(axis=0) * pj * 1e-6).tolist()
    return Item(engine, count, pj, (first, second), count.updates * pj_update * 1e-6)
