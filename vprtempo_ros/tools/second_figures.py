"""Second figures for the bill of `energy`: measured, simulated and published ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import numpy as np

from ..arrays import Spikes
from ..backends.numpy_fp32 import NumpyBackend
from ..backends.spike_trains import RateCode
from ..config import BackendConfig, SinabsConfig
from ..energy.published import PUBLISHED
from ..energy.rapl import measure, zones
from ..energy.sana_fe import simulate
from ..errors import BackendError, MapError
from ..network.network import Network
from ..support.sampling import evenly_spread
from .nir_chain import Neurons, chain_of


def second_figures(
    network: Network, spikes: Spikes, rate: SinabsConfig, frames: int
) -> Iterator[str]:
    """
    Yield lines: joules of this CPU, SANA-FE on the exported network, and published figures.

    :param spikes: uint8 (frames, inputs); frames: how many of them SANA-FE simulates, 0: none.
    """
    yield f'{"second figures":<32}{"uJ a frame":>12}'
    yield _row('this CPU, measured', *_measured(network, spikes))
    if frames:
        yield _row('Loihi, rate, by SANA-FE', *_simulated(network, spikes, rate, frames))
    for each in PUBLISHED:
        yield _row(f'{each.system}, {network.places} places', each.of(network.places), each.what)


def _row(name: str, value: float | None, what: str) -> str:
    return f'{name:<32}{"-" if value is None else f"{value:.3g}":>12}  {what}'


def _measured(network: Network, spikes: Spikes) -> tuple[float | None, str]:
    try:
        counters = zones()
        backend = NumpyBackend(network, BackendConfig(threads=1))
    except BackendError as error:
        return None, str(error)
    following = cycle(spikes)
    try:
        found = measure(lambda: backend.similarity(next(following)), counters)
    finally:
        backend.close()
    return found.above_idle, (
        f'RAPL, backend numpy without the encoder, {found.calls:,} frames; '
        f'{found.total:.3g} with idle power'
    )


def _simulated(
    network: Network, spikes: Spikes, rate: SinabsConfig, frames: int
) -> tuple[float | None, str]:
    try:
        nodes = chain_of(network, rate).nodes.values()
        matrices = [node for node in nodes if not isinstance(node, Neurons)]
        threshold = next((node.threshold for node in nodes if isinstance(node, Neurons)), 1.0)
        code = RateCode(network.inputs, rate.steps, rate.seed)
        chosen = evenly_spread(len(spikes), frames)
        found = simulate(matrices, threshold, np.stack([code(spikes[each]) for each in chosen]))
    except (MapError, BackendError) as error:
        return None, str(error)
    return found.total, (
        f'{found.version}: synapses {found.synapses:.3g}, neurons {found.neurons:.3g}, messages '
        f'{found.messages:.3g}; {found.operations:,.0f} operations, {found.seconds * 1e3:.3g} ms '
        f'on {found.cores} cores; {len(chosen)} frames'
    )
