"""Upstream VPRTempo (PyPI `vprtempo`), with which the benchmarks compare."""

from __future__ import annotations

import sys
import types
import warnings
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.errors import VprError


def module(name: str) -> ModuleType:
    """
    Return a module of upstream VPRTempo.

    :raises VprError: if it, or torch, is not installed.
    """
    stand_ins: dict[str, ModuleType] = {}
    # Its preprocessing imports torchvision only to read image files.
    if 'torchvision' not in sys.modules:
        torchvision, io = types.ModuleType('torchvision'), types.ModuleType('torchvision.io')
        io.read_image = None  # type: ignore[attr-defined]
        torchvision.io = io  # type: ignore[attr-defined]
        stand_ins = {'torchvision': torchvision, 'torchvision.io': io}
    sys.modules.update(stand_ins)
    warnings.simplefilter('ignore')  # Its quantisation modules are deprecated.
    try:
        return import_module(f'vprtempo.src.{name}')
    except ImportError as error:
        raise VprError(
            f'the comparison needs {error.name}, which is not installed (make setup; '
            'torch comes with Python 3.11)'
        ) from None
    finally:
        # Others ask whether torchvision is installed.
        for stand_in in stand_ins:
            del sys.modules[stand_in]


def train_like_upstream(
    spikes: NDArray[np.float32], neurons: int, epochs: int, seed: int
) -> tuple[Any, Any]:
    """
    Train a module as upstream's VPRTempoTrain does, without its data loading.

    :param spikes: float32 (places, inputs).
    :return: the feature layer and the output layer.
    """
    import torch

    blitnet = module('blitnet')
    torch.manual_seed(seed)
    places, inputs = spikes.shape
    feature = blitnet.SNNLayer(
        dims=[inputs, neurons],
        thr_range=[0, 0.5],
        fire_rate=[0.2, 0.9],
        ip_rate=0.15,
        stdp_rate=0.005,
        p=[0.1, 0.5],
    )
    output = blitnet.SNNLayer(
        dims=[neurons, places], ip_rate=0.15, stdp_rate=0.005, p=[1.0, 1.0], spk_force=True
    )
    shown = torch.from_numpy(spikes)
    steps = places * epochs
    with torch.no_grad():
        for layer, previous in ((feature, None), (output, feature)):
            rate_ip, rate_stdp = layer.eta_ip.clone(), layer.eta_stdp.clone()
            step = 0
            for _ in range(epochs):
                for place in torch.randperm(places).tolist():
                    before = shown[place : place + 1]
                    if previous is not None:
                        before = blitnet.clamp_spikes(previous.w(before), previous)
                    response = layer.w(before)
                    after = blitnet.clamp_spikes(response, layer)
                    blitnet.calc_stdp(
                        before, after, response, layer, torch.tensor([place]), prev_layer=previous
                    )
                    if step % 100 == 0:
                        part = ((steps - step) / steps) ** 2
                        layer.eta_ip, layer.eta_stdp = rate_ip * part, rate_stdp * part
                    step += 1
    return feature, output
