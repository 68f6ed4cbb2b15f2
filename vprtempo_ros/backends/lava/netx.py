"""The spiking network as netx builds it from HDF5; import it only after `prepare_netx`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from lava.lib.dl import netx
from lava.magma.core.run_conditions import RunContinuous
from lava.proc.io.injector import Injector
from numpy.typing import NDArray

from ...network.spiking.hdf5_file import write_hdf5
from ...network.spiking.network import SpikingModule, SpikingNetwork, spike_trains
from .hardware import BINARY, Link, run_configuration
from .host_ports import BUFFER, PyIntegerInjectorModel, stop
from .plan import Tensors

# Steps from an input to its currents at the outputs: each `Dense` adds one.
_BEHIND = 2


class NetxNetwork:
    """All modules in parallel: one injector of spikes, and for each module netx and a reader."""

    def __init__(self, network: SpikingNetwork, link: Link) -> None:
        """Write the modules to HDF5, have netx load them, and start."""
        self._steps = network.steps
        width = network.modules[0].hidden.shape[1]
        self._injector = Injector(shape=(width,), buffer_size=BUFFER)
        self._readers = []
        with tempfile.TemporaryDirectory() as folder:
            for number, module in enumerate(network.modules):
                file = Path(folder) / f'{number}.net'
                write_hdf5(module, network, file)
                # Each layer resets its states when the first spikes of a frame arrive.
                loaded = netx.hdf5.Network(
                    net_config=str(file), reset_interval=network.steps, reset_offset=1 + link.delay
                )
                link.enter(self._injector.out_port, loaded.inp, BINARY)
                self._readers.append(
                    link.read(loaded.out_layer.neuron.v, network.steps, link.delay + _BEHIND)
                )
        self._empty = np.zeros(width, np.int32)
        self._injector.run(
            condition=RunContinuous(),
            run_cfg=run_configuration(link, {Injector: PyIntegerInjectorModel}),
        )

    def step(self, inputs: NDArray[np.int32] | None) -> NDArray[np.int32]:
        """Present channels int32 (channels,), or none, for T steps; return the previous results."""
        trains = (
            np.zeros((self._steps, len(self._empty)), np.int32)
            if inputs is None
            else spike_trains(inputs.astype(np.int64), self._steps).astype(np.int32)
        )
        for spikes in trains:
            self._injector.send(spikes)
        return np.concatenate([reader.receive() for reader in self._readers])

    def stop(self) -> None:
        """End all processes."""
        stop(self._injector, self._empty)


def network_of(tensors: Tensors) -> SpikingNetwork:
    """Return the network from the arrays that the backend has sent."""
    count = sum(name.endswith('.hidden') for name in tensors)
    modules = [
        SpikingModule(
            tensors[f'{number}.hidden'].astype(np.int16),
            tensors[f'{number}.output'].astype(np.int16),
        )
        for number in range(count)
    ]
    return SpikingNetwork(modules, *tensors['constants'].tolist())
