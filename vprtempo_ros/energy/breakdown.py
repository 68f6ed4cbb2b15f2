"""Energy breakdown: from counted operations to microjoules per frame, by engine and layer."""

from __future__ import annotations

from typing import NamedTuple

from ..config import EnergyConfig
from .encoding import Part
from .operations import OperationCount


class EngineEnergy(NamedTuple):
    """
    Energy of the network on one engine.

    pj: picojoules per operation; layers: microjoules per frame, by layer; updates: microjoules per
    frame for updates of neurons; encoder: microjoules per frame of the encoder, on a CPU.
    """

    engine: str
    counted: OperationCount
    pj: float
    layers: tuple[float, float]
    updates: float
    encoder: float = 0.0

    @property
    def total(self) -> float:
        """Microjoules per frame of the network."""
        return sum(self.layers) + self.updates

    @property
    def with_encoder(self) -> float:
        """Microjoules per frame of encoder and network."""
        return self.total + self.encoder


def encoder_energy(parts: list[Part], constants: EnergyConfig) -> float:
    """Return microjoules per frame of an encoder."""
    return sum(part_energy(part, constants) for part in parts)


def part_energy(part: Part, constants: EnergyConfig) -> float:
    """Return microjoules per frame of a step of an encoder."""
    return (part.floats * constants.mac_fp32 + part.integers * constants.mac_int8) * 1e-6


def energy_breakdown(
    counts: list[OperationCount], constants: EnergyConfig, encoder: float = 0.0
) -> list[EngineEnergy]:
    """
    Return the energy of a frame, as the mean over the counted frames.

    Operations only: memory, clock, host and the idle power of a chip are not included.

    :param encoder: microjoules per frame of the encoder; not of rates of a camera's own events.
    """
    items = []
    for count in counts:
        if count.name == 'dense float32':
            items.append(_energy('CPU float32, 45 nm', count, constants.mac_fp32, 0.0))
        elif count.name == 'one matrix':
            items.append(_energy('  as one matrix', count, constants.mac_fp32, 0.0))
        elif count.name == 'two-stage search':
            items.append(_energy('  two-stage search', count, constants.mac_fp32, 0.0))
        elif count.name == 'dense int8':
            items.append(_energy('CPU int8, 45 nm', count, constants.mac_int8, 0.0))
        else:
            items.append(
                _energy(
                    f'Loihi, {count.name}', count, constants.loihi_synop, constants.loihi_neuron
                )
            )
            if count.name == 'rate':
                items.append(_energy('Speck, rate', count, constants.speck_synop, 0.0))
    return [item._replace(encoder=0.0 if item.counted.own_events else encoder) for item in items]


def _energy(engine: str, count: OperationCount, pj: float, pj_update: float) -> EngineEnergy:
    first, second = (count.operations.mean(axis=0) * pj * 1e-6).tolist()
    return EngineEnergy(engine, count, pj, (first, second), count.updates * pj_update * 1e-6)
