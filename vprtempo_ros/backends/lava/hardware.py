"""
Where the network runs: in Lava's simulation of Loihi 2, or on the chip.

What is needed for the chip, Intel's extension lava-loihi, is not public. Everything here that is
for the chip is written against the interface that lava-nc documents (lava.utils.loihi,
Loihi2HwCfg) and the one that Intel's tutorials use (lava.proc.embedded_io.spike), and has not run
on hardware.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ...config import LavaConfig
from ...errors import BackendError


class Link(NamedTuple):
    """
    How ports of the host and of synapses are connected: the latter are on the chip, or simulated.

    enter, leave: take source port, target port and the bits of a payload.
    """

    on_chip: bool
    enter: Callable[[Any, Any, int], None]
    leave: Callable[[Any, Any, int], None]


def choose_link(config: LavaConfig) -> Link:
    """
    Return the link that configuration and machine mean: the chip where lava-loihi is installed.

    :raises BackendError: if the chip is asked for without lava-loihi, or cannot be reached.
    """
    from lava.utils import loihi

    installed = bool(loihi.is_installed())
    if config.target == 'loihi2' and not installed:
        raise BackendError('backend.lava.target: loihi2 needs lava-loihi, the extension of Lava '
                           "that members of Intel's research community (INRC) get, and it is not "
                           'installed here: install it, or set backend.lava.target: simulation')
    if config.target == 'simulation' or not installed:
        return SIMULATION
    _select_host(config)
    return CHIP


def run_configuration(link: Link, models: dict[Any, Any]) -> Any:
    """
    Return Lava's run configuration: fixed point, simulated or on the chip.

    models: process models by process class, where Lava's choice would be wrong.
    """
    from lava.magma.core.run_configs import Loihi2HwCfg, Loihi2SimCfg

    configuration = Loihi2HwCfg if link.on_chip else Loihi2SimCfg
    return configuration(select_tag='fixed_pt', exception_proc_model_map=models)


def _select_host(config: LavaConfig) -> None:
    """Choose the machine with the chip: over SLURM, or a board with an address on the network."""
    from lava.utils import loihi

    kind, _, partition = config.host.partition(':')
    generation = loihi.ChipGeneration(config.chip)
    try:
        if kind == 'slurm':
            loihi.use_slurm_host(partition=partition or None, loihi_gen=generation)
        elif config.host:
            loihi.use_ethernet_host(config.host, loihi_gen=generation)
    except (ValueError, ImportError) as error:
        raise BackendError(f'backend.lava.host: {config.host!r} cannot be used: {error}') from None


def directly(source: Any, target: Any, bits: int) -> None:
    """Connect two ports of one machine."""
    source.connect(target)


def _enter_chip(source: Any, target: Any, bits: int) -> None:
    from lava.proc import embedded_io

    adapter = embedded_io.spike.PyToNxAdapter(shape=source.shape, num_message_bits=bits)
    source.connect(adapter.inp)
    adapter.out.connect(target)


def _leave_chip(source: Any, target: Any, bits: int) -> None:
    from lava.proc import embedded_io

    adapter = embedded_io.spike.NxToPyAdapter(shape=source.shape, num_message_bits=bits)
    source.connect(adapter.inp)
    adapter.out.connect(target)


SIMULATION = Link(False, directly, directly)
CHIP = Link(True, _enter_chip, _leave_chip)
