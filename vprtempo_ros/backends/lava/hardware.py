"""
The target: Lava's simulation of Loihi 2, or the chip.

The chip needs Intel's extension lava-loihi, which is not public. The code for the chip follows the
interfaces that lava-nc documents (lava.utils.loihi, Loihi2HwCfg, the adapters in
lava.networks.gradedvecnetwork) and that Intel's tutorials use (lava.proc.embedded_io.spike and
.state, as in lava-dl's PilotNet). It has not run on hardware.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from ...config import LavaConfig
from ...errors import BackendError
from .ports import Port, Reader, Variable

# Bits of a payload for adapters: binary spikes have none.
BINARY, GRADED = 0, 24


class Link(NamedTuple):
    """
    Connections between the host and the synapses, which are on the chip or simulated.

    where: the target in words, with {} for the network's demand on Loihi 2;
    delay: steps that spikes take to the chip;
    enter, leave: connect a source port and a target port, with the bits of a payload;
    read: returns a reader of a variable after each step t with t % interval == offset, from the
    variable, the interval and the offset.
    """

    where: str
    on_chip: bool
    delay: int
    enter: Callable[[Port, Port, int], None]
    leave: Callable[[Port, Port, int], None]
    read: Callable[[Variable, int, int], Reader]


def choose_link(config: LavaConfig) -> Link:
    """
    Return the configured link; by default the chip, if lava-loihi is installed.

    :raises BackendError: if the chip is configured without lava-loihi, or cannot be reached.
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


def run_configuration(link: Link, models: dict[type, type]) -> object:
    """
    Return Lava's run configuration: fixed point, simulated or on the chip.

    models: process models by process class, for those that Lava would choose wrongly.
    """
    from lava.magma.core.run_configs import Loihi2HwCfg, Loihi2SimCfg

    configuration = Loihi2HwCfg if link.on_chip else Loihi2SimCfg
    return configuration(select_tag='fixed_pt', exception_proc_model_map=models)


def _select_host(config: LavaConfig) -> None:
    """Select the host of the chip: through SLURM, or a board at a network address."""
    from lava.utils import loihi

    kind, _, partition = config.host.partition(':')
    generation = loihi.ChipGeneration(config.chip)
    try:
        if kind == 'slurm':
            loihi.use_slurm_host(partition=partition or None, loihi_gen=generation)
        elif config.host:
            loihi.use_ethernet_host(config.host, loihi_gen=generation)
    except (ValueError, ImportError, OSError) as error:
        # OSError: Lava runs sinfo and ping, which may be missing.
        raise BackendError(f'backend.lava.host: {config.host!r} cannot be used: {error}') from None


def directly(source: Port, target: Port, bits: int) -> None:
    """Connect two ports of one machine."""
    source.connect(target)


def read_directly(variable: Variable, interval: int, offset: int) -> Reader:
    """Read a variable of a process on the same machine."""
    from .processes.state_reader import StateReader

    return StateReader(variable, interval, offset)


def _enter_chip(source: Port, target: Port, bits: int) -> None:
    from lava.proc.embedded_io.spike import PyToNxAdapter

    adapter = PyToNxAdapter(shape=source.shape, num_message_bits=bits)
    source.connect(adapter.inp)
    adapter.out.connect(target)


def _leave_chip(source: Port, target: Port, bits: int) -> None:
    from lava.proc.embedded_io.spike import NxToPyAdapter

    adapter = NxToPyAdapter(shape=source.shape, num_message_bits=bits)
    source.connect(adapter.inp)
    adapter.out.connect(target)


def _read_chip(variable: Variable, interval: int, offset: int) -> Reader:
    from lava.proc.embedded_io.state import Read

    from .processes.state_reader import Receiver

    # Lava's readers count steps from 0, and their values reach the host a step later.
    reader = Read(shape=variable.shape, interval=interval, offset=(offset - 1) % interval)
    reader.connect_var(variable)
    receiver = Receiver(variable.shape, interval, offset + 1)
    reader.out.connect(receiver.in_port)
    return receiver


SIMULATION = Link('simulated as on {}', False, 0, directly, directly, read_directly)
# A step to the embedded processor and one to the neurons.
CHIP = Link('on {}', True, 2, _enter_chip, _leave_chip, _read_chip)
