"""Backend `lava` for quantised networks, as graded spikes: one frame per step."""

from __future__ import annotations

import numpy as np

from ...arrays import Scores, Spikes
from ...config import BackendConfig
from ...errors import BackendError
from ...network.network import Network
from ...support.lava_shim import lava_is_installed
from ..integer import IntegerBackend, input_table, integers_of
from .limits import check_limits
from .plan import plan, to_tensors
from .stepping import LavaBackend
from .worker_handle import HINT

# Results come two steps after their frame in simulation; the adapters of hardware may add some.
_LONGEST_DELAY = 16


class GradedBackend(LavaBackend):
    """The quantised network in Lava: the same integers as backend `integer`."""

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Start Lava and compare its result for one frame with that of `integer`.

        :raises BackendError: if Lava is missing, or the map exceeds the limits of Loihi 2.
        """
        quantised = integers_of(network, self.name)
        demands = check_limits(quantised)
        modules = plan(quantised)
        if not lava_is_installed():
            raise BackendError(f"backend 'lava' needs Lava, which is not installed: {HINT}")
        self.places = quantised.places
        self._table = input_table(quantised).astype(np.int32)
        self._scales = np.concatenate(
            [
                np.full(len(module.output.weights), module.output.scale)
                for module in quantised.modules
            ]
        ).astype(np.float32)
        super().__init__('graded', config.lava, to_tensors(modules))
        try:
            self._steps = self._find_delay(network, config, quantised.inputs)
        except BaseException:
            self._worker.end()
            raise
        self.delay = self._steps if config.lava.mode == 'streaming' else 0
        self.detail = self._describe(config.lava, demands)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,); frames in flight are dropped."""
        self._shown.clear()
        self._exchange(spikes)
        for _ in range(self._steps):
            similarity = self._exchange(None)
        return similarity

    def _exchange(self, spikes: Spikes | None) -> Scores:
        inputs = None if spikes is None else self._table[spikes]
        return self._worker.exchange(inputs).astype(np.float32) * self._scales

    def _find_delay(self, network: Network, config: BackendConfig, inputs: int) -> int:
        """Return the number of steps from a frame to its result, which `integer` provides."""
        integer = IntegerBackend(network, config)
        spikes = np.random.default_rng(0).integers(0, 256, inputs).astype(np.uint8)
        expected = integer.similarity(spikes)
        integer.close()
        similarity = self._exchange(spikes)
        for delay in range(_LONGEST_DELAY):
            if (similarity == expected).all():
                # A result of zeros does not show the delay; in simulation it is two.
                return delay if expected.any() else 2
            similarity = self._exchange(None)
        raise BackendError(
            'backend lava: the results of Lava differ from those of backend integer; '
            'please report this with the map'
        )
