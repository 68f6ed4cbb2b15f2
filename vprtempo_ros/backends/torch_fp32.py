"""Backend `torch`: single-precision floats on the CPU."""

from __future__ import annotations

import numpy as np
import torch

from ..arrays import Scores, Spikes
from ..config import BackendConfig
from ..network.layers import AMPLITUDE, SPIKE_MAX
from ..network.network import Network
from ..network.readout import LinearReadout, readout_of


class TorchBackend:
    """The network computed in torch."""

    name = 'torch'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """Multiply out the matrices of the network; torch has one thread count per process."""
        torch.set_num_threads(config.threads)
        self.places = network.places
        readout = readout_of(network)
        self._linear = isinstance(readout, LinearReadout)
        if isinstance(readout, LinearReadout):
            self._features, self._outputs = torch.from_numpy(readout.matrix), []
        else:
            self._features = torch.from_numpy(readout.features)
            self._outputs = [torch.from_numpy(weights) for weights in readout.outputs]

    @torch.inference_mode()
    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        response = self._features @ torch.from_numpy(spikes).float().mul_(float(AMPLITUDE))
        if not self._linear:
            parts = response.clamp_(0.0, SPIKE_MAX).split([w.shape[1] for w in self._outputs])
            response = torch.cat([w @ part for w, part in zip(self._outputs, parts)])
            response.clamp_(0.0, SPIKE_MAX)
        return np.asarray(response.numpy())

    def close(self) -> None:
        """Nothing to release."""
