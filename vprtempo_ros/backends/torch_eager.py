"""
The only module that uses torch's eager quantisation, which torch is going to remove.

To replace it, rewrite `build`: it returns a callable from float32 amplitudes (inputs,) to uint8
(places,) for each module, the integers that `integer` defines.
"""

from __future__ import annotations

import warnings
from typing import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.ao import quantization

from ..network.quantised.network import (
    OUTPUT_MAX,
    QuantisedLayer,
    QuantisedModule,
    QuantisedNetwork,
    limits,
)

Outputs = list[NDArray[np.uint8]]


def engines() -> list[str]:
    """Return the engines that this build of torch has on this machine."""
    return [engine for engine in torch.backends.quantized.supported_engines if engine != 'none']


def build(network: QuantisedNetwork, engine: str) -> Callable[[torch.Tensor], Outputs]:
    """Return the network as a converted torch model, after prepare_qat and convert."""
    torch.backends.quantized.engine = engine
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        model = _Model(network)
        model.qconfig = quantization.get_default_qat_qconfig(engine)
        for module in model.parts:
            module.output.qconfig = output_qconfig(engine)
        prepared = quantization.prepare_qat(model.train()).eval()
        _observe(prepared.quant.activation_post_process, network.scale, network.zero_point)
        for part, module in zip(prepared.parts, network.modules):
            for name in ('feature', 'output'):
                layer: QuantisedLayer = getattr(module, name)
                _observe(getattr(part, name).activation_post_process, layer.scale, layer.zero_point)
        converted = quantization.convert(prepared)
        _load(converted, network)

    @torch.inference_mode()
    def run(amplitudes: torch.Tensor) -> Outputs:
        # The engine is a setting of the process, which kernels read at each call.
        if torch.backends.quantized.engine != engine:
            torch.backends.quantized.engine = engine
        return [part.int_repr().numpy().reshape(-1) for part in converted(amplitudes[None])]

    return run


def output_qconfig(engine: str) -> quantization.QConfig:
    """Return the engine's configuration with all 8 bits for outputs, which are not multiplied."""
    default = quantization.get_default_qat_qconfig(engine)
    activation = quantization.FusedMovingAvgObsFakeQuantize.with_args(
        observer=quantization.MovingAverageMinMaxObserver,
        quant_min=0,
        quant_max=OUTPUT_MAX,
        reduce_range=False,
    )
    return quantization.QConfig(activation=activation, weight=default.weight)


class _Part(nn.Module):
    """A module of the network; only requantisation and the limits are between its layers."""

    def __init__(self, module: QuantisedModule, highest: int, readout: str) -> None:
        super().__init__()
        self.feature, self.output = _linear(module.feature), _linear(module.output)
        layer = module.feature
        low, high = limits(layer, highest, readout)
        self._limits = tuple(
            float(layer.scale) * (limit - layer.zero_point) for limit in (low, high)
        )
        self._idle = (low, high) == (0, 255)

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        features = self.feature(spikes)
        if not self._idle:
            features = torch.clamp(features, *self._limits)
        return self.output(features)


class _Model(nn.Module):
    def __init__(self, network: QuantisedNetwork) -> None:
        super().__init__()
        self.quant = quantization.QuantStub()
        self.parts = nn.ModuleList(
            [_Part(module, network.activation_max, network.readout) for module in network.modules]
        )
        self._highest = float(network.scale) * (network.activation_max - network.zero_point)

    def forward(self, amplitudes: torch.Tensor) -> list[torch.Tensor]:
        spikes = self.quant(torch.clamp(amplitudes, max=self._highest))
        return [part(spikes) for part in self.parts]


def _linear(layer: QuantisedLayer) -> nn.Linear:
    """Return a float layer that quantises to these integers."""
    neurons, inputs = layer.weights.shape
    linear = nn.utils.skip_init(nn.Linear, inputs, neurons, bias=False)
    weights = layer.weights * layer.weight_scales[:, np.newaxis]
    linear.weight = nn.Parameter(torch.from_numpy(weights), requires_grad=False)
    return linear


def _observe(observer: nn.Module, scale: np.float32, zero_point: int) -> None:
    """Set the range of an activation's observer."""
    ranges = observer.activation_post_process
    ranges.min_val = torch.tensor(-zero_point * float(scale))
    ranges.max_val = torch.tensor((ranges.quant_max - zero_point) * float(scale))


def _load(converted: nn.Module, network: QuantisedNetwork) -> None:
    """
    Load the map's own parameters, like a state dictionary.

    Those that convert has computed may differ by a unit in the last place.
    """
    converted.quant.scale.fill_(float(network.scale))
    converted.quant.zero_point.fill_(network.zero_point)
    for part, module in zip(converted.parts, network.modules):
        for name in ('feature', 'output'):
            layer: QuantisedLayer = getattr(module, name)
            linear = getattr(part, name)
            weights = torch._make_per_channel_quantized_tensor(
                torch.from_numpy(layer.weights),
                torch.from_numpy(layer.weight_scales.astype(np.float64)),
                torch.zeros(len(layer.weight_scales), dtype=torch.int64),
                0,
            )
            linear.set_weight_bias(weights, None)
            linear.scale, linear.zero_point = float(layer.scale), layer.zero_point
