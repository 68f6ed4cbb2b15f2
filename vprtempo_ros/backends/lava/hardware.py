"""
Where the network runs: in Lava's simulation of Loihi 2, or on the chip.

What is needed for the chip, Intel's extension lava-loihi, is not public. Everything here that is
for the chip is written against the interface that lava-nc documents (lava.utils.loihi,
Loihi2HwCfg, the adapters in lava.networks.gradedvecnetwork) and the one that Intel's tutorials use
(lava.proc.embedded_io.spike and .state, as in lava-dl's PilotNet), and has not run on hardware.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ...config import LavaConfig
from ...errors import BackendError

# Bits of a payload, as adapters count them: spikes of one size have none.
BINARY, GRADED = 0, 24


class Link(NamedTuple):
    """
    How ports of the host and of synapses are connected: the latter are on the chip, or simulated.

    where: how to say so to people, with {} for what of Loihi 2 the network takes;
    delay: steps that spikes take to the chip;
    enter, leave: take source port, target port and the bits of a payload;
    read: takes a variable, an interval and an offset, and returns what has a receive(), for the
    value after each step t with t % interval == offset.
    """

    where: str
    on_chip: bool
    delay: int
    enter: Callable[[Any, Any, int], None]
    leave: Callable[[Any, Any, int], None]
    read: Callable[[Any, int, int], Any]


def choose_link(config: LavaConfig) -> Link:
    """
    Return the link that configuration and machine mean: the chip where lava-loihi is installed.

    :raises BackendError: if the chip is asked for without lava-loihi, or cannot be reached.
    """
    from lava.utils import loihi

    installed = bool(loihi.is_installed())
    if config.target == 'loihi2' and not installed:
        raise BackendError(
            'backend.lava.target: loihi2 needs lava-loihi, the extension of Lava '
            "that members of Intel's research community (INRC) get, and it is not "
            'installed here: install it, or set backend.lava.target: simulation'
        )
    if not installed and not config.target:
        return SIMULATION._replace(where=f'{SIMULATION.where}; lava-loihi is not installed')
    if config.target == 'simulation':
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
    except (ValueError, ImportError, OSError) as error:
        # The last: the programs that Lava asks, sinfo and ping, are not there.
        raise BackendError(f'backend.lava.host: {config.host!r} cannot be used: {error}') from None


def directly(source: Any, target: Any, bits: int) -> None:
    """Connect two ports of one machine."""
    source.connect(target)


def read_directly(variable: Any, interval: int, offset: int) -> Any:
    """Read a variable of a process on the same machine."""
    from .processes.state_reader import StateReader

    return StateReader(variable, interval, offset)


def _enter_chip(source: Any, target: Any, bits: int) -> None:
    from lava.proc.embedded_io.spike import PyToNxAdapter

    adapter = PyToNxAdapter(shape=source.shape, num_message_bits=bits)
    source.connect(adapter.inp)
    adapter.out.connect(target)


def _leave_chip(source: Any, target: Any, bits: int) -> None:
    from lava.proc.embedded_io.spike import NxToPyAdapter

    adapter = NxToPyAdapter(shape=source.shape, num_message_bits=bits)
    source.connect(adapter.inp)
    adapter.out.connect(target)


def _read_chip(variable: Any, interval: int, offset: int) -> Any:
    from lava.proc.embedded_io.state import Read

    from .processes.state_reader import Receiver

    # Lava's readers count steps from 0, and what they read is on the host a step later.
    reader = Read(shape=variable.shape, interval=interval, offset=(offset - 1) % interval)
    reader.connect_var(variable)
    receiver = Receiver(variable.shape, interval, offset + 1)
    reader.out.connect(receiver.in_port)
    return receiver


SIMULATION = Link('simulated as on {}', False, 0, directly, directly, read_directly)
# A step to the embedded processor and one to the neurons.
CHIP = Link('on {}', True, 2, _enter_chip, _leave_chip, _read_chip)
