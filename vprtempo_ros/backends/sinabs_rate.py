"""
Backend `sinabs`: the network as a simulation of integrate-and-fire neurons over T time steps.

Spikes are binary here, and an amplitude is a rate: in each step an input spikes with the
probability of its amplitude. Neurons integrate their input and spike when their potential reaches a
threshold, which is then subtracted. Over T steps, a neuron's spikes times the threshold over T
approximate its response.

Rates cannot be negative. With the linear readout, whose features have both signs, each feature
becomes two neurons, one for each sign, with opposite weights. With the clamped readout a feature is
one neuron, and the clamp is its highest rate.

sinabs converts the network, and runs it where output neurons spike too. Where they only integrate,
its equations are computed here, as sinabs defines them, in a quarter of its time: the two neurons
of a feature share one product, no step is kept, and the outputs are one product with the spike
counts.

`samna`, the interface to SynSense's chips that sinabs would install, is not needed, never
imported, and must not be installed: on PyPI it is a stub that installs from another index.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

from ..arrays import Floats, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.graph import GraphNetwork
from ..network.layers import SPIKE_MAX
from ..network.network import LinearNetwork, Module, Network
from ..network.quantised.network import floats_of
from .integrate_and_fire import spike_counts
from .spike_trains import RateCode

HINT = (
    'make lava on Python 3.11 installs it in the environment of a checkout; otherwise: pip '
    'install torch pbr nir nirtorch, then pip install --no-deps sinabs==3.1.3 (without '
    '--no-deps it would install samna)'
)


class Response(NamedTuple):
    """
    The response of the network to a spike train.

    similarity: float32 (places,); features: for each module float32 (feature neurons,), the number
    of spikes of each; outputs: the number of spikes of all output neurons.
    """

    similarity: Floats
    features: list[Floats]
    outputs: int


class SinabsBackend:
    """The network simulated by sinabs."""

    name = 'sinabs'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Convert the network.

        :raises BackendError: if it holds no floats, or sinabs is missing.
        """
        if isinstance(network, GraphNetwork):
            raise BackendError(
                "backend 'sinabs' cannot run the network from a NIR file of this map: choose "
                'backend nir'
            )
        floats = floats_of(network)
        if floats is None and not isinstance(network, LinearNetwork):
            raise BackendError(
                "backend 'sinabs' needs the floats of training.method: stdp, and "
                'this map holds none: train again with training.keep_fp32: true'
            )
        try:
            import sinabs  # noqa: F401
            import torch
        except ImportError as error:
            raise BackendError(
                f"backend 'sinabs' needs {error.name}, which is not installed: {HINT}"
            ) from None
        torch.set_num_threads(config.threads)
        self.places, self.floats = network.places, floats
        chosen = config.sinabs
        self.detail = f'{chosen.steps} time steps, threshold {chosen.threshold:g}'
        self._code = RateCode(network.inputs, chosen.steps, chosen.seed)
        self._parts: list[Callable[[Floats], Response]]
        if isinstance(network, LinearNetwork):
            self._parts = [RateCodedLayer(network, chosen.output_threshold)]
        elif floats is not None:
            self._parts = [
                RateCodedModule(module, floats.readout, chosen.threshold, chosen.output_threshold)
                for module in floats.modules
            ]

    def similarity(self, spikes: Spikes) -> Floats:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        return self.respond(self.train(spikes)).similarity

    def train(self, spikes: Spikes) -> Floats:
        """Return the spike train of a frame's amplitudes, float32 (steps, inputs)."""
        return self._code(spikes)

    def respond(self, train: Floats) -> Response:
        """Run a spike train float32 (steps, inputs), of amplitudes or of binned events."""
        responses = [part(train) for part in self._parts]
        return Response(
            np.concatenate([response.similarity for response in responses]),
            [features for response in responses for features in response.features],
            sum(response.outputs for response in responses),
        )

    def close(self) -> None:
        """Nothing to release."""


class RateCodedLayer:
    """Output neurons that integrate the input spikes; their potentials are the similarity."""

    def __init__(self, network: LinearNetwork, output_threshold: float) -> None:
        """
        Take the weights.

        :raises BackendError: if the output neurons are to spike.
        """
        if output_threshold:
            raise BackendError(
                'backend.sinabs.output_threshold: expected 0 for a map without a feature layer, '
                f'found {output_threshold:g}: its output neurons do not spike'
            )
        self._weights = network.weights

    def __call__(self, train: Floats) -> Response:
        """Run a spike train float32 (steps, inputs)."""
        potentials: Floats = self._weights @ train.sum(axis=0)
        return Response(potentials / np.float32(len(train)), [], 0)


class RateCodedModule:
    """A module, converted by sinabs from the same layers with rectified linear units."""

    def __init__(
        self, module: Module, readout: str, threshold: float, output_threshold: float
    ) -> None:
        """Convert the layers."""
        import torch
        from sinabs.activation import MaxSpike, MultiSpike
        from sinabs.from_torch import from_model
        from torch import nn

        feature, output = module.feature.weights, module.output.weights
        spike: object = MultiSpike
        # Spikes of a neuron in one step; 0: any number.
        self._most = 0
        if readout == 'linear':
            feature, output = np.concatenate([feature, -feature]), np.hstack([output, -output])
        else:
            # The clamp limits the spikes per step to the number of thresholds it holds.
            most = max(1, round(SPIKE_MAX / threshold))
            threshold, spike, self._most = SPIKE_MAX / most, MaxSpike(most), most
        layers = [
            nn.Linear(weights.shape[1], weights.shape[0], bias=False)
            for weights in (feature, output)
        ]
        for layer, weights in zip(layers, (feature, output)):
            layer.weight.data = torch.from_numpy(np.ascontiguousarray(weights))
        rectified: list[nn.Module] = [layers[0], nn.ReLU(), layers[1]]
        if output_threshold:
            rectified.append(nn.ReLU())
        self._threshold, self._output_threshold = threshold, output_threshold
        self._clamped = readout == 'clamped'
        self._network = from_model(
            nn.Sequential(*rectified),
            spike_threshold=torch.tensor(threshold),
            spike_fn=spike,
            batch_size=1,
        ).spiking_model.eval()
        # Without a lower bound: inhibition before an excitation must not be lost.
        for layer in self._network[1::2]:
            layer.min_v_mem = None
        if output_threshold:
            self._network[3].spike_threshold.data.fill_(output_threshold)

    def __call__(self, train: Floats) -> Response:
        """Run a spike train float32 (steps, inputs)."""
        if self._output_threshold:
            return self._simulated(train)
        import torch

        features, output = self._network[0].weight, self._network[2].weight
        with torch.no_grad():
            signs = 1 if self._clamped else 2
            half = len(features) // signs
            drive = (torch.from_numpy(train) @ features[:half].T).numpy()
            counts = spike_counts(drive, np.float32(self._threshold), signs, self._most)
            sent = (output @ torch.from_numpy(counts)).numpy()
        return self._response(sent * np.float32(self._threshold), len(train), counts, 0)

    def _simulated(self, train: Floats) -> Response:
        """Run sinabs on a spike train float32 (steps, inputs)."""
        import torch

        for layer in self._network:
            if hasattr(layer, 'reset_states'):
                layer.reset_states()
        with torch.no_grad():
            features = self._network[1](self._network[0](torch.from_numpy(train)))
            # Outputs integrate feature spikes, each of the size of a threshold.
            arrived = self._network[2](features) * self._threshold
            spikes = self._network[3](arrived).sum(0)
        sent = (spikes * self._output_threshold).numpy()
        return self._response(sent, len(train), features.sum(0).numpy(), int(spikes.sum()))

    def _response(self, sent: Floats, steps: int, counts: Floats, outputs: int) -> Response:
        similarity = sent / np.float32(steps)
        if self._clamped:
            np.clip(similarity, 0.0, SPIKE_MAX, out=similarity)
        return Response(similarity, [counts], outputs)
