"""
energy: estimate operations and energy of a map on a recording, on CPUs and neuromorphic chips.

Prints operations by layer and of the encoder, an energy breakdown with published figures per
operation, and recall@1; writes energy.png, frames.csv and, with --curve, curve.png.
docs/neuromorphic.md explains what is counted.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Sequence

from ..arrays import Integers, Spikes
from ..config import EVENTS, EnergyConfig, SinabsConfig
from ..energy.breakdown import encoder_energy, energy_breakdown
from ..energy.encoding import Part, encoder_operations
from ..energy.event_trains import EventTrains
from ..energy.fit import fit_lines, own_frames
from ..energy.operations import OperationCount, dense, graded, layer_shapes, rate
from ..energy.pictures import TradeoffPoint, draw_breakdown, draw_curves
from ..energy.smaller import Smaller
from ..energy.table import encoder_table, energy_table, operations_table, recall_of, write_frames
from ..energy.tradeoff import STEPS, reduced
from ..errors import BackendError, ConfigError, VprError
from ..evaluation.by_file import truth_by_file
from ..evaluation.by_frame import truth_by_frame
from ..evaluation.by_pose import truth_by_pose
from ..evaluation.query import QueryConfig, read_query
from ..evaluation.recall import ranked, recall_at
from ..evaluation.truth import GroundTruth
from ..maps.cameras import of_camera
from ..maps.map import Map
from ..maps.store import load
from ..network.network import Network
from ..network.quantised.network import QuantisedNetwork
from ..options import from_flat, options
from ..support.several import several
from .command import check_range, guarded
from .poses import add_frame_id, add_poses, poses_config
from .second_figures import second_figures


class EncodedRecording(NamedTuple):
    """
    The encoded frames: spikes uint8 (frames, inputs), stamps int64 (frames,) in ns, and the truth.

    trains: their events as spike trains; None: spike trains are drawn from the amplitudes.
    """

    spikes: Spikes
    stamps: Integers
    truth: GroundTruth | None
    trains: EventTrains | None


def report(given: argparse.Namespace) -> None:
    """
    Run the command with these arguments.

    :raises VprError: if map, recording or truth cannot be used.
    """
    if given.curve and (given.truth, given.tolerance, given.radius) == (None, None, None):
        raise ConfigError('--curve needs the ground truth: --truth, --tolerance or --radius')
    constants = from_flat(EnergyConfig, dict(_constant(text) for text in given.constant))
    sinabs = from_flat(SinabsConfig, {'steps': given.steps, 'threshold': given.threshold})
    whole = load(given.map)
    loaded = of_camera(whole, given.camera)
    network = loaded.network
    layer_shapes(network)
    recording = _read(loaded, given, sinabs)
    counts, missing = _counts(network, recording, sinabs)
    parts, unknown = _encoder(loaded)
    items = energy_breakdown(counts, constants, encoder_energy(parts, constants))
    print(
        f'{several(len(loaded.places), "place")}, {loaded.config.training.readout} readout, '
        f'{"integers" if isinstance(network, QuantisedNetwork) else "floats"}, '
        f'{len(recording.stamps)} frames; per frame, on average:\n'
    )
    if whole.views:
        names = ', '.join(whole.cameras)
        print(f'camera {given.camera} of {names}; each has an encoder and a network of its own\n')
    print(operations_table(network, counts))
    encoding, events = loaded.config.encoding.encoder, loaded.sensor.type == EVENTS
    print(f'\n{encoder_table(encoding, parts, loaded.image_size(), events, constants)}')
    if unknown:
        print(f'(without the encoder: {unknown})')
    print(f'\n{energy_table(items, recording.truth)}')
    if missing:
        print(f'\n(without the rate code: {missing})')
    print()
    for line in second_figures(network, recording.spikes, sinabs, given.sana_fe):
        print(line, flush=True)
    print(f'\n{_chips(loaded, recording)}')
    given.out.mkdir(parents=True, exist_ok=True)
    draw_breakdown(items, given.out / 'energy.png')
    write_frames(counts, recording.stamps, given.out / 'frames.csv')
    print(f'\nfigure    {given.out / "energy.png"}\nby frame  {given.out / "frames.csv"}')
    if given.curve and recording.truth is not None:
        curves = _curves(network, recording, recording.truth, given.curve, sinabs, constants)
        draw_curves(curves, given.curve, given.out / 'curve.png')
        print(f'curve     {given.out / "curve.png"}')


def _read(loaded: Map, given: argparse.Namespace, sinabs: SinabsConfig) -> EncodedRecording:
    """Read and encode the recording; keep at most `--frames`, evenly spaced, with their truth."""
    config = QueryConfig(
        replace(
            loaded.config.input,
            topic=given.topic,
            frame_id=given.frame_id,
            names=given.names,
            start=0,
        ),
        poses_config(given, given.radius is not None, 'goes with --radius only'),
    )
    query = read_query(str(given.bag), loaded, config)
    truth = None
    if given.truth is not None:
        truth = truth_by_file(given.truth, query, len(loaded.places))
    elif given.tolerance is not None:
        truth, _ = truth_by_frame(query, loaded, given.tolerance, limited=True)
    elif given.radius is not None:
        truth = truth_by_pose(query, loaded, given.radius, None)
    chosen = slice(None, None, max(1, -(-len(query) // given.frames)))
    if truth is not None:
        truth = GroundTruth(truth.stamps[chosen], truth.first[chosen], truth.last[chosen])
    stamps = query.stamps[chosen]
    trains = None
    if given.spikes == 'events':
        trains = EventTrains(given.bag, given.topic, loaded, stamps, sinabs.steps)
    return EncodedRecording(query.spikes[chosen], stamps, truth, trains)


def _counts(
    network: Network, recording: EncodedRecording, sinabs: SinabsConfig
) -> tuple[list[OperationCount], str]:
    """Count the operations of all engines; return why the rate code is missing, if it is."""
    counts = [*dense(network, recording.spikes), graded(network, recording.spikes)]
    try:
        return [*counts, rate(network, recording.spikes, sinabs, recording.trains)], ''
    except BackendError as error:
        return counts, str(error)


def _encoder(loaded: Map) -> tuple[list[Part], str]:
    """Count the operations of the encoder; return why they are missing, if they are."""
    config, events = loaded.config, loaded.sensor.type == EVENTS
    try:
        return encoder_operations(loaded.encoder, config.encoding, loaded.image_size(), events), ''
    except ConfigError as error:
        return [], str(error)


def _chips(loaded: Map, recording: EncodedRecording) -> str:
    """Return whether the map fits each chip, and what would, with its recall on the recording."""
    shown, truth = loaded.shown(), recording.truth

    def recall(made: Smaller) -> str:
        if truth is None:
            tolerance, segments = loaded.config.places.tolerance, loaded.parts()
            return own_frames(made, shown, tolerance, segments)
        kept = ((truth.first >= 0) & (truth.first < made.network.places)).any(axis=1)
        if not kept.any():
            return 'no frame of the recording shows its places'
        some = GroundTruth(truth.stamps[kept], truth.first[kept], truth.last[kept])
        found = recall_at(some, ranked(made.similarity(recording.spikes[kept]), 1), 1)
        return f'recall@1 {found:.3f} of {int(kept.sum())} frames'

    lines = fit_lines(loaded.network, shown, recall)
    return '\n'.join(f'{name:<12} {text}' for name, text in lines)


def _curves(
    network: Network,
    recording: EncodedRecording,
    truth: GroundTruth,
    method: str,
    sinabs: SinabsConfig,
    constants: EnergyConfig,
) -> dict[str, list[TradeoffPoint]]:
    """Reduce the network step by step; print and return energy and recall by engine."""
    print(f'\n{method:<9}{"engine":<22}{"uJ a frame":>12}{"recall@1":>10}')
    curves: dict[str, list[TradeoffPoint]] = {}
    for step in STEPS[method]:
        other = reduced(network, method, step)
        counts = [
            count
            for count in _counts(other, recording, sinabs)[0]
            if count.name in ('graded', 'rate')
        ]
        for item in energy_breakdown(counts, constants):
            point = TradeoffPoint(step, item.total, recall_of(item.counted, truth))
            curves.setdefault(item.engine, []).append(point)
            print(
                f'{step:<9g}{item.engine:<22}{point.energy:>12.3g}{point.recall:>10.3f}', flush=True
            )
    return curves


def _constant(text: str) -> tuple[str, float]:
    name, equal, value = text.partition('=')
    try:
        if not equal:
            raise ValueError
        return name, float(value)
    except ValueError:
        raise ConfigError(f'--constant: expected NAME=PICOJOULES, found {text!r}') from None


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    names = ', '.join(f'{item.name} ({item.default:g})' for item in options(EnergyConfig))
    sinabs = SinabsConfig()
    parser = argparse.ArgumentParser(
        prog='energy', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('map', type=Path, help='folder of the map')
    parser.add_argument('bag', type=Path, help='bag or folder of images to count on')
    parser.add_argument('--topic', default='', help='image topic (default: the only one)')
    add_frame_id(parser)
    parser.add_argument(
        '--camera', help='camera of a map of several, to whose topic --topic is set'
    )
    parser.add_argument(
        '--names', default='', help='text file with the file names of a folder to use'
    )
    truth = parser.add_mutually_exclusive_group()
    truth.add_argument(
        '--truth',
        type=Path,
        metavar='CSV',
        help='stamp_ns, first_place, last_place for each frame, for recall',
    )
    truth.add_argument(
        '--tolerance',
        type=int,
        metavar='FRAMES',
        help='frame i is place i (or the place of the same file name), within this tolerance',
    )
    truth.add_argument(
        '--radius',
        type=float,
        metavar='METRES',
        help='places within this distance are correct; needs poses in map and bag',
    )
    add_poses(parser)
    parser.add_argument(
        '--frames',
        type=int,
        default=200,
        help='maximum number of frames, evenly spaced (default: %(default)s)',
    )
    parser.add_argument(
        '--curve',
        choices=sorted(STEPS),
        help='also plot recall over energy: with synapses removed (prune), or those of the '
        'feature layer rescaled',
    )
    parser.add_argument(
        '--steps',
        type=int,
        default=sinabs.steps,
        help='rate code: time steps per frame (default: %(default)s)',
    )
    parser.add_argument(
        '--threshold',
        type=float,
        default=sinabs.threshold,
        help='rate code: threshold of the feature neurons (default: %(default)s)',
    )
    parser.add_argument(
        '--spikes',
        choices=('drawn', 'events'),
        default='drawn',
        help='rate code: spikes drawn from the amplitudes, or the events of the '
        'recording in time bins (default: %(default)s)',
    )
    parser.add_argument(
        '--sana-fe',
        type=int,
        default=3,
        metavar='FRAMES',
        help='frames that SANA-FE simulates, if it is installed; 0: none (default: %(default)s)',
    )
    parser.add_argument(
        '--constant',
        action='append',
        default=[],
        metavar='NAME=PJ',
        help=f'energy per operation in pJ; may be repeated: {names}',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('build/energy'),
        help='folder to write (default: %(default)s)',
    )
    given = parser.parse_args(args)

    def work() -> None:
        check_range('--frames', given.frames, 1)
        check_range('--sana-fe', given.sana_fe, 0)
        check_range('--tolerance', given.tolerance or 0, 0)
        try:
            report(given)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise VprError(f'{given.out}: cannot be written ({error.strerror})') from None

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
