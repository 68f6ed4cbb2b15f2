"""
Backend `sinabs`: the network as a simulation of integrate-and-fire neurons over T time steps.

Spikes are all of one size here, and an amplitude is a rate: an input spikes with the probability
of its amplitude in each step, neurons add up what arrives and spike whenever their potential
reaches a threshold, which is then taken off. Over T steps a neuron's spikes, times the threshold,
over T, come near to its response.

A rate cannot be negative. With the linear readout, whose features have both signs, each feature
becomes two neurons, one for each sign, with opposite weights; with the clamped readout a feature
is one neuron, whose highest rate is the clamp.

`samna`, the interface to SynSense's chips that sinabs would install, is not needed, never
imported, and must not be installed: on PyPI it is a stub that installs from another index.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Floats, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.layers import SPIKE_MAX
from ..network.network import Module, Network
from ..network.quantised.network import floats_of
from .spike_trains import RateCode

HINT = (
    'make lava on Python 3.11 installs it in the environment of a checkout; elsewhere: pip '
    'install torch pbr nir nirtorch, then pip install --no-deps sinabs==3.1.3, which else '
    'would bring samna'
)


class Response(NamedTuple):
    """
    What a spike train caused.

    similarity: float32 (places,); features: for each module float32 (feature neurons,), how many
    spikes each of them sent; outputs: how many spikes the output neurons sent.
    """

    similarity: Floats
    features: list[Floats]
    outputs: int


class SinabsBackend:
    """The network as sinabs simulates it."""

    name = 'sinabs'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Convert the network.

        :raises BackendError: if it holds no floats, or sinabs is missing.
        """
        floats = floats_of(network)
        if floats is None:
            raise BackendError(
                "backend 'sinabs' needs the floats of training.method: stdp, and "
                'this map holds none: train it anew with training.keep_fp32'
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
        self._parts = [
            RateCodedModule(module, floats.readout, chosen.threshold, chosen.output_threshold)
            for module in floats.modules
        ]

    def similarity(self, spikes: Spikes) -> Floats:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        return self.respond(self.train(spikes)).similarity

    def train(self, spikes: Spikes) -> Floats:
        """Return the spike train float32 (steps, inputs) that a frame's amplitudes become."""
        return self._code(spikes)

    def respond(self, train: Floats) -> Response:
        """Run a spike train float32 (steps, inputs), of amplitudes or of binned events."""
        responses = [part(train) for part in self._parts]
        return Response(
            np.concatenate([answer.similarity for answer in responses]),
            [features for answer in responses for features in answer.features],
            sum(answer.outputs for answer in responses),
        )

    def close(self) -> None:
        """Nothing to release."""


class RateCodedModule:
    """A module, converted by sinabs from the same layers with rectified linear units."""

    def __init__(
        self, module: Module, readout: str, threshold: float, output_threshold: float
    ) -> None:
        """Lay out the weights and convert them."""
        import torch
        from sinabs.activation import MaxSpike, MultiSpike
        from sinabs.from_torch import from_model
        from torch import nn

        feature, output = module.feature.weights, module.output.weights
        spike: object = MultiSpike
        if readout == 'linear':
            feature, output = np.concatenate([feature, -feature]), np.hstack([output, -output])
        else:
            # The clamp is as many spikes a step as it holds thresholds.
            most = max(1, round(SPIKE_MAX / threshold))
            threshold, spike = SPIKE_MAX / most, MaxSpike(most)
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
        # What a neuron is inhibited by before it is excited must not be forgotten.
        for layer in self._network[1::2]:
            layer.min_v_mem = None
        if output_threshold:
            self._network[3].spike_threshold.data.fill_(output_threshold)

    def __call__(self, train: Floats) -> Response:
        """Run a spike train float32 (steps, inputs)."""
        import torch

        for layer in self._network:
            if hasattr(layer, 'reset_states'):
                layer.reset_states()
        with torch.no_grad():
            features = self._network[1](self._network[0](torch.from_numpy(train)))
            arrived = self._network[2](features)
            sent, outputs = arrived.sum(0) * self._threshold, 0
            if self._output_threshold:
                # Outputs count spikes of features, each of which stands for a threshold.
                spikes = self._network[3](arrived * self._threshold).sum(0)
                sent, outputs = spikes * self._output_threshold, int(spikes.sum())
        answer = (sent / len(train)).numpy()
        if self._clamped:
            np.clip(answer, 0.0, SPIKE_MAX, out=answer)
        return Response(answer, [features.sum(0).numpy()], outputs)
