"""What all trained networks have in common, and the network of floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..arrays import Floats
from .layers import Layer


class Network(Protocol):
    """
    A trained network; its class is its kind.

    `LinearNetwork` is fitted in closed form, `FloatNetwork` trained with STDP, `QuantisedNetwork`
    with int8 weights in the loop (it may keep the floats too), `SpikingNetwork` by gradient, and
    `GraphNetwork` with another tool. str()
    gives the network in words: how many modules it has, and what they compute.
    """

    @property
    def places(self) -> int:
        """Number of places in all modules."""

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""

    def __str__(self) -> str:
        """Return the number of modules and the kind of network in words."""


@dataclass
class Module:
    """The two layers that hold one segment of the route."""

    feature: Layer
    output: Layer

    @property
    def places(self) -> int:
        """Number of places in this module."""
        return len(self.output.weights)


@dataclass
class FloatNetwork:
    """
    Modules of float32 layers, in the order of their places.

    readout: what stands between the layers when the network matches, linear or clamped; see
    readout.py.
    """

    modules: list[Module]
    readout: str

    @property
    def places(self) -> int:
        """Number of places in all modules."""
        return sum(module.places for module in self.modules)

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        return int(self.modules[0].feature.weights.shape[1])

    def __str__(self) -> str:
        """Return the number of modules and the readout in words."""
        return in_words(len(self.modules), f'{self.readout} readout')


@dataclass
class LinearNetwork:
    """
    Output neurons that see the spikes directly, without modules; see linear.py.

    weights: float32 (places, inputs), for amplitudes of 0 to 1.
    """

    weights: Floats

    @property
    def places(self) -> int:
        """Number of places."""
        return len(self.weights)

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        return int(self.weights.shape[1])

    def __str__(self) -> str:
        """Return the kind of network in words."""
        return 'one layer, linear readout'


def in_words(modules: int, kind: str) -> str:
    """Return, for example, '2 modules, linear readout'."""
    return f'{modules} module{"" if modules == 1 else "s"}, {kind}'
