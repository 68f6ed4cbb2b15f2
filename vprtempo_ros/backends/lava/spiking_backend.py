"""Backend `lava` for spiking networks, which lava-dl's bootstrap trained: netx runs them."""

from __future__ import annotations

import numpy as np

from ...arrays import Scores, Spikes
from ...config import BackendConfig
from ...errors import BackendError
from ...network.network import Network
from ...network.spiking.network import channels
from ...support.lava_shim import lava_dl_is_installed
from ..cuba import CubaBackend, spiking_of
from .limits import check_spiking_limits
from .stepping import LavaBackend


class SpikingBackend(LavaBackend):
    """
    The spiking network in Lava: the same integers as backend `cuba`.

    A step here is a frame, T time steps of the network; its result comes with the next frame,
    since outputs lag two time steps behind the inputs.
    """

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Start Lava and compare its result for one frame with that of `cuba`.

        :raises BackendError: if lava-dl is missing, or the network exceeds the limits of Loihi 2.
        """
        spiking = spiking_of(network, self.name)
        demands = check_spiking_limits(spiking)
        if not lava_dl_is_installed():
            raise BackendError(
                "backend 'lava' needs lava-dl for a spiking network, and it is not "
                'installed: make lava on Python 3.11 installs it in the environment '
                'of a checkout; backend cuba gives the same results without it'
            )
        self.places = spiking.places
        self._unit = spiking.unit
        tensors = {'constants': np.array([spiking.steps, spiking.threshold, spiking.decay])}
        for number, module in enumerate(spiking.modules):
            tensors |= {f'{number}.hidden': module.hidden, f'{number}.output': module.output}
        super().__init__('spiking', config.lava, tensors)
        try:
            self._compare(network, config, spiking.inputs)
        except BaseException:
            self._worker.end()
            raise
        self.delay = 1 if config.lava.mode == 'streaming' else 0
        self.detail = f'{spiking.steps} time steps, {self._describe(config.lava, demands)}'

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,); frames in flight are dropped."""
        self._shown.clear()
        self._exchange(spikes)
        return self._exchange(None)

    def _exchange(self, spikes: Spikes | None) -> Scores:
        inputs = None if spikes is None else channels(spikes).astype(np.int32)
        return (self._worker.exchange(inputs) / self._unit).astype(np.float32)

    def _compare(self, network: Network, config: BackendConfig, inputs: int) -> None:
        cuba = CubaBackend(network, config)
        spikes = np.random.default_rng(0).integers(0, 256, inputs).astype(np.uint8)
        expected = cuba.similarity(spikes)
        cuba.close()
        if not np.array_equal(self.similarity(spikes), expected):
            raise BackendError(
                'backend lava: the results of Lava differ from those of backend cuba; '
                'please report this with the map'
            )
