"""
Whether a network fits SynSense's Speck, by what sinabs 3.1.3 publishes (validate_memory_speck.py).

Nine cores, each a layer of 8-bit weights. The outputs of a layer are rounded up to a power of two
in its memory of weights; a layer has at most 1024. A core with more weights has fewer neurons. A
fully connected layer is a convolution of one pixel whose channels are the inputs.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from ..network.graph import GraphNetwork, Matrix
from ..network.network import FloatNetwork, LinearNetwork, Module, Network
from ..network.quantised.network import QuantisedModule, QuantisedNetwork
from ..network.spiking.network import SpikingNetwork

# Weights and neurons of the cores, the largest for weights first.
CORES = (*[(64, 16)] * 2, *[(32, 32)] * 2, *[(16, 64)] * 3, *[(16, 16)] * 2)
_KI = 1024
OUTPUTS = 1024


class Layer(NamedTuple):
    """A fully connected layer."""

    name: str
    inputs: int
    outputs: int

    @property
    def weights(self) -> int:
        """Entries in the memory of a core."""
        return self.inputs * padded(self.outputs)

    def fits(self, core: tuple[int, int]) -> bool:
        """Return whether the layer fits a core of this many Ki weights and neurons."""
        return (
            self.outputs <= OUTPUTS
            and self.weights <= core[0] * _KI
            and padded(self.outputs) <= core[1] * _KI
        )


def padded(outputs: int) -> int:
    """Return the power of two that is at least `outputs`."""
    return 1 << (outputs - 1).bit_length()


def layers_of(network: Network) -> list[Layer]:
    """Return the layers of a network with binary spikes; a feature of both signs is two neurons."""
    if isinstance(network, LinearNetwork):
        return [Layer('outputs', network.inputs, network.places)]
    if isinstance(network, GraphNetwork):
        matrices = [stage.weights.shape for stage in network.stages if isinstance(stage, Matrix)]
        return [Layer(f'matrix {n}', shape[1], shape[0]) for n, shape in enumerate(matrices)]
    layers = []
    if isinstance(network, SpikingNetwork):
        for number, spiking in enumerate(network.modules):
            hidden, channels = spiking.hidden.shape
            layers.append(Layer(f'module {number}, hidden', channels, hidden))
            layers.append(Layer(f'module {number}, outputs', hidden, len(spiking.output)))
    if isinstance(network, (FloatNetwork, QuantisedNetwork)):
        signs = 2 if network.readout == 'linear' else 1
        modules: Sequence[Module | QuantisedModule] = network.modules
        for number, module in enumerate(modules):
            features, inputs = module.feature.weights.shape
            layers.append(Layer(f'module {number}, features', inputs, signs * features))
            outputs = len(module.output.weights)
            layers.append(Layer(f'module {number}, outputs', signs * features, outputs))
    return layers


def fit(network: Network) -> list[str]:
    """Return lines that say whether the network fits, or what exceeds the chip and what would."""
    layers = layers_of(network)
    lines = []
    for layer in layers:
        if layer.outputs > OUTPUTS:
            lines.append(f'{layer.name}: {layer.outputs:,} outputs of at most {OUTPUTS:,}')
        elif not any(layer.fits(core) for core in CORES):
            most, columns = CORES[0][0] * _KI, padded(layer.outputs)
            lines.append(
                f'{layer.name}: {layer.weights:,} weights of at most {most:,} ({layer.inputs:,} '
                f'inputs, {layer.outputs:,} outputs as {columns:,}); {most // columns:,} inputs '
                'would fit'
            )
    if not lines and not _placed(layers):
        lines.append(f'{len(layers)} layers do not fit {len(CORES)} cores together')
    if lines:
        return [f'does not fit: {lines[0]}', *lines[1:]]
    count = '1 core' if len(layers) == 1 else f'{len(layers)} cores'
    return [f'fits {count} of {len(CORES)} with weights of 8 bits, untested on a chip']


def _placed(layers: list[Layer]) -> bool:
    """Return whether each layer gets a core: the largest first, on the smallest that it fits."""
    free = list(CORES)
    for layer in sorted(layers, key=lambda each: -each.weights):
        core = next((core for core in reversed(free) if layer.fits(core)), None)
        if core is None:
            return False
        free.remove(core)
    return True
