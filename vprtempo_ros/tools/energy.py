"""
energy: what a map costs in operations and energy on real input, on a CPU and on neuromorphic chips.

Prints operations by layer, energy with published figures for an operation, and recall@1 beside it;
draws energy.png and, with --curve, curve.png. docs/neuromorphic.md explains what is counted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from ..config import BagInputConfig, EnergyConfig, PosesConfig, SinabsConfig, from_flat, options
from ..encoding import Encoder
from ..energy.bill import Item, bill
from ..energy.operations import LAYERS, Count, dense, graded, layer_shapes, rate
from ..energy.pictures import Point, draw_bill, draw_curves
from ..energy.tradeoff import STEPS, changed
from ..errors import BackendError, ConfigError, SourceError, VprError
from ..evaluation.recall import ranked, recall_at
from ..evaluation.truth import GroundTruth, read_truth
from ..maps.map import Map
from ..maps.store import load
from ..network.layers import Network
from ..sources.traverse import open_traverse
from .command import check_range, guarded

Spikes = NDArray[np.uint8]


def report(given: argparse.Namespace) -> None:
    """
    Do what the command line asks for.

    :raises VprError: if map, recording or truth cannot be used.
    """
    constants = from_flat(EnergyConfig, dict(_constant(text) for text in given.constant))
    sinabs = from_flat(SinabsConfig, {'steps': given.steps, 'threshold': given.threshold})
    loaded = load(given.map)
    frames, truth = _frames(loaded, given)
    counts, missing = _counts(loaded.network, frames, sinabs)
    items = bill(counts, constants)
    _tell(loaded, counts, items, truth)
    if missing:
        print(f'\n(without the rate code: {missing})')
    given.out.mkdir(parents=True, exist_ok=True)
    draw_bill(items, given.out / 'energy.png')
    print(f'\npicture   {given.out / "energy.png"}')
    if given.curve:
        if truth is None:
            raise ConfigError('--curve needs the ground truth: give --truth or --tolerance')
        curves = _curves(loaded.network, frames, truth, given.curve, sinabs, constants)
        draw_curves(curves, given.curve, given.out / 'curve.png')
        print(f'curve     {given.out / "curve.png"}')


def _frames(loaded: Map, given: argparse.Namespace) -> tuple[Spikes, GroundTruth | None]:
    """Read and encode the recording, at most `--frames` spread over it, and its truth."""
    source = BagInputConfig(topic=given.topic, names=given.names)
    traverse, _ = open_traverse(str(given.bag), source, PosesConfig(topic='none'))
    encoder = Encoder(loaded.config.encoding)
    stamps, spikes = [], []
    every = max(1, -(-len(traverse) // given.frames))
    for number, frame in enumerate(traverse):
        if number % every == 0:
            stamps.append(frame.stamp_ns)
            spikes.append(encoder(frame.image))
    if not spikes:
        raise SourceError(f'{given.bag}: no usable frame in it')
    places = np.arange(len(spikes)) * every
    if given.truth is not None:
        truth = read_truth(given.truth)
        rows = np.searchsorted(truth.stamps, stamps)
        if not (rows < len(truth)).all() or (truth.stamps[rows] != stamps).any():
            raise ConfigError(f'{given.truth}: has not the stamps of {given.bag}')
        return np.stack(spikes), GroundTruth(np.array(stamps), truth.first[rows], truth.last[rows])
    if given.tolerance is not None:
        last = len(loaded.places) - 1
        low, high = places - given.tolerance, places + given.tolerance
        return np.stack(spikes), GroundTruth(np.array(stamps), np.clip(low, 0, last),
                                             np.clip(high, 0, last))
    return np.stack(spikes), None


def _counts(
    network: Network, frames: Spikes, sinabs: SinabsConfig,
) -> tuple[list[Count], str]:
    """Count in all ways that can be had; return why one cannot."""
    counts = [*dense(network, frames), graded(network, frames)]
    try:
        return [*counts, rate(network, frames, sinabs)], ''
    except BackendError as error:
        return counts, str(error)


def _curves(
    network: Network, frames: Spikes, truth: GroundTruth, way: str, sinabs: SinabsConfig,
    constants: EnergyConfig,
) -> dict[str, list[Point]]:
    """Change the network step by step; print and return energy and recall."""
    print(f'\n{way:<9}{"engine":<22}{"uJ a frame":>12}{"recall@1":>10}')
    curves: dict[str, list[Point]] = {}
    for step in STEPS[way]:
        other = changed(network, way, step)
        counts = [count for count in _counts(other, frames, sinabs)[0]
                  if count.name in ('graded', 'rate')]
        for item in bill(counts, constants):
            point = Point(step, item.total, _recall(item.counted, truth))
            curves.setdefault(item.engine, []).append(point)
            print(f'{step:<9g}{item.engine:<22}{point.energy:>12.3g}{point.recall:>10.3f}',
                  flush=True)
    return curves


def _recall(count: Count, truth: GroundTruth) -> float:
    return recall_at(truth, ranked(count.similarity, 1), 1)


def _tell(loaded: Map, counts: list[Count], items: list[Item], truth: GroundTruth | None) -> None:
    """Print the two tables."""
    network = loaded.network
    print(f'{len(loaded.places)} places, {network.readout} readout, '
          f'{"integers" if network.quantised else "floats"}, '
          f'{len(counts[0].similarity)} frames; a frame takes, on the average:\n')
    print(f'{"":<26}' + ''.join(f'{name:>22}' for name in LAYERS) + f'{"sum":>16}')
    for name, (first, second) in zip(('neurons', 'weights'), _sizes(network)):
        print(f'{name:<26}{first:>22,}{second:>22,}{first + second:>16,}')
    for count in counts:
        rows = [(f'{count.name}: operations', count.operations)]
        if count.name in ('graded', 'rate'):
            rows.insert(0, (f'{count.name}: spikes sent', count.spikes))
        for name, values in rows:
            first, second = values.mean(axis=0)
            print(f'{name:<26}{first:>22,.0f}{second:>22,.0f}{first + second:>16,.0f}')
    print(f'\n{"":<22}{"pJ an operation":>16}{"synapses, uJ":>14}{"neurons, uJ":>13}'
          f'{"uJ a frame":>12}{"recall@1":>10}')
    for item in items:
        recall = f'{_recall(item.counted, truth):.3f}' if truth is not None else '-'
        print(f'{item.engine:<22}{item.pj:>16g}{sum(item.layers):>14.3g}{item.updates:>13.3g}'
              f'{item.total:>12.3g}{recall:>10}')


def _sizes(network: Network) -> list[tuple[int, int]]:
    shapes = layer_shapes(network)
    neurons = [sum(count for count, _ in layer) for layer in shapes]
    weights = [sum(count * inputs for count, inputs in layer) for layer in shapes]
    return [(neurons[0], neurons[1]), (weights[0], weights[1])]


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
        prog='energy', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('map', type=Path, help='folder of the map')
    parser.add_argument('bag', type=Path, help='bag or folder of images to count on')
    parser.add_argument('--topic', default='', help='image topic (default: the only one)')
    parser.add_argument('--names', default='', help='of a folder, the file names to use')
    truth = parser.add_mutually_exclusive_group()
    truth.add_argument('--truth', type=Path, metavar='CSV',
                       help='stamp_ns, first_place, last_place for each frame, for recall')
    truth.add_argument('--tolerance', type=int, metavar='FRAMES',
                       help='frame i is place i, give or take so many')
    parser.add_argument('--frames', type=int, default=200,
                        help='frames at the most, spread over the recording (default: %(default)s)')
    parser.add_argument('--curve', choices=sorted(STEPS),
                        help='also trade recall for energy: remove synapses, or rescale those into '
                             'the feature layer')
    parser.add_argument('--steps', type=int, default=sinabs.steps,
                        help='rate code: time steps of a frame (default: %(default)s)')
    parser.add_argument('--threshold', type=float, default=sinabs.threshold,
                        help='rate code: threshold of the feature neurons (default: %(default)s)')
    parser.add_argument('--constant', action='append', default=[], metavar='NAME=PJ',
                        help=f'energy of an operation in pJ; may be repeated: {names}')
    parser.add_argument('--out', type=Path, default=Path('build/energy'),
                        help='folder for the pictures (default: %(default)s)')
    given = parser.parse_args(args)

    def work() -> None:
        check_range('--frames', given.frames, 1)
        check_range('--tolerance', given.tolerance or 0, 0)
        try:
            report(given)
        except OSError as error:
            raise VprError(f'{given.out}: cannot be written ({error.strerror})') from None
    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
