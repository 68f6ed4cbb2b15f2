"""
from_nir: copy a map with a network of another tool, from a NIR file.

The network must take the spikes of the map's encoder, amplitudes of 0 to 1, and have one output for
each place, in order. Statistics are measured again, with the map's reference frames.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import numpy as np

from ..arrays import Spikes
from ..backends import Backend
from ..backends.reference import reference_backend
from ..errors import MapError
from ..maps.cameras import of_camera
from ..maps.confidence_fit import measure_responses
from ..maps.map import Map
from ..maps.store import check_destination, load, save
from ..matching.confidence import shipped_calibration
from ..matching.normalisation import softened
from ..network.graph import AMPLITUDES, INPUTS, RATE, STEPS_MAX, GraphNetwork, Population, check
from ..network.segments import Segments
from ..support.several import several
from .command import check_range, guarded
from .nir_file import read_stages

# Time steps of networks with neurons, unless given.
STEPS = 100
# Seconds: the step that tools without such an argument assume.
DT = 1e-4


def read_network(
    file: Path, inputs: int, places: int, dt: float, steps: int | None, kind: str | None
) -> GraphNetwork:
    """
    Return the network in a file, for a map with these numbers of inputs and places.

    :param dt: seconds of a time step; steps, kind: of the input; None: one step of amplitudes, or
        with neurons `STEPS` of spikes.
    :raises MapError: in one line, if it does not fit or cannot be computed.
    """
    stages = read_stages(file, inputs, dt)
    neurons = any(isinstance(stage, Population) for stage in stages)
    network = GraphNetwork(
        stages,
        kind or (RATE if neurons else AMPLITUDES),
        steps if steps is not None else STEPS if neurons else 1,
    )
    try:
        check(network)
        if network.places != places:
            raise MapError(
                f'expected {places} outputs, the places of the map, found {network.places}'
            )
    except MapError as error:
        raise MapError(f'{file}: {error}') from None
    return network


def with_network(loaded: Map, network: GraphNetwork, source: str) -> tuple[Map, int]:
    """Return a map with another network, and how many of its own frames that recognises."""
    tolerance, segments = loaded.config.places.tolerance, loaded.parts()
    shown = loaded.shown()
    backend = reference_backend(network)
    try:
        right = _right(backend, shown, tolerance, segments)
        responses = measure_responses(backend, shown, tolerance, segments)
    finally:
        backend.close()
    changed = replace(
        loaded,
        network=network,
        response_statistics=softened(responses, loaded.encoder.profile.normalisation),
        calibration=shipped_calibration(tolerance),
        provenance={**loaded.provenance, 'network': source},
    )
    return changed, right


def _right(backend: Backend, shown: Spikes, tolerance: int, segments: Segments) -> int:
    best = np.array([int(backend.similarity(spikes).argmax()) for spikes in shown])
    first, end = segments.windows(tolerance)
    return int(((first <= best) & (best < end)).sum())


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='from_nir', description=__doc__)
    parser.add_argument('file', type=Path, help='NIR file of a network trained for the map')
    parser.add_argument('map', type=Path, help='folder of the map')
    parser.add_argument('--out', type=Path, help='folder of the new map (default: MAP_nir)')
    parser.add_argument('--overwrite', action='store_true', help='replace a map that is there')
    parser.add_argument('--dt', type=float, default=DT, help='seconds of a time step (%(default)s)')
    parser.add_argument(
        '--steps', type=int, help=f'time steps of a frame ({STEPS} with neurons, otherwise 1)'
    )
    parser.add_argument(
        '--input', choices=INPUTS, help='what the network takes (rate with neurons, or amplitudes)'
    )
    parser.add_argument('--camera', help='camera of a map of several; the others are kept')
    given = parser.parse_args(args)

    def work() -> None:
        check_range('--dt', given.dt, 1e-9, 1e3)
        if given.steps is not None:
            check_range('--steps', given.steps, 1, STEPS_MAX)
        default = given.map.resolve()
        out = given.out or default.with_name(f'{default.name}_nir')
        check_destination(out, given.overwrite)
        whole = load(given.map)
        loaded = of_camera(whole, given.camera)
        inputs, places = loaded.network.inputs, len(loaded.places)
        network = read_network(given.file, inputs, places, given.dt, given.steps, given.input)
        changed, right = with_network(loaded, network, f'{given.file.name}, NIR, --dt {given.dt:g}')
        if loaded is not whole:
            whole.views[given.camera] = changed
            changed = whole
        target = save(changed, out, given.overwrite)
        print(f'{target}: {network.inputs} inputs, {several(network.places, "place")} in {network}')
        print(f'{right} of {places} places are recognised in the frames that the map was made of')

    return guarded(work)


if __name__ == '__main__':
    raise SystemExit(main())
