"""map_info: print places, network, size, sensor, provenance, confidence and checksums of a map."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Callable, Iterator, Sequence, TypeVar

import numpy as np

from ..backends.lava.limits import Demand, check_limits, check_spiking_limits, describe_module
from ..backends.lava.limits import describe as describe_demand
from ..backends.two_stage import TwoStageSearch
from ..config import EVENTS, EncodingConfig, EventsConfig
from ..energy.fit import fit_lines, own_frames
from ..errors import BackendError
from ..maps.cameras import VIEWS
from ..maps.layout import layout_of
from ..maps.map import Map, missing_lines
from ..maps.outlook import Outlook, outlook_on_disk
from ..maps.revisions import PREVIOUS
from ..maps.store import checksums, load
from ..maps.training_file import TRAINING
from ..matching.normalisation import hyperactive
from ..network.byte_network import ByteNetwork
from ..network.graph import GraphNetwork
from ..network.layers import Layer
from ..network.network import LinearNetwork, Module
from ..network.quantised.network import QuantisedLayer, QuantisedModule, QuantisedNetwork, floats_of
from ..network.spiking.network import SpikingNetwork
from ..support.paths import user_path
from ..support.several import several
from ..view.map_picture import draw_map
from ..view.picture import check_picture, write_picture
from .bar import ProgressBar
from .command import guarded

Line = tuple[str, str]
T = TypeVar('T')

# Maximum number of hyperactive places that are listed.
_LISTED = 20
# Pairs of places that look alike in the picture.
_PAIRS = 5


def describe(loaded: Map, folder: Path) -> Iterator[Line]:
    """Yield lines of a name and a text; a line without a name continues the one before."""
    yield 'map', str(folder)
    if loaded.views:
        yield 'cameras', f'{", ".join(loaded.cameras)}; what follows is of {loaded.camera}'
    yield from _places(loaded)
    yield from _network(loaded)
    yield from _chips(loaded)
    yield from _sizes(loaded, folder)
    sensor = loaded.sensor
    yield 'sensor', f'{sensor.type}, {sensor.width}x{sensor.height} pixels'
    encoding = loaded.config.encoding
    if sensor.type == EVENTS:
        yield 'windows', _windows(loaded.config.input.events)
    yield ('encoding', _encoding(encoding))
    yield 'made by', f'{loaded.provenance["software"]}, {loaded.provenance["created"]}'
    for number, traverse in enumerate(loaded.provenance['traverses']):
        text = f'{traverse["source"]}: {traverse["used"]} of {traverse["frames"]} frames' + (
            f', {traverse["unreadable"]} unreadable' if traverse['unreadable'] else ''
        )
        yield 'traverses' if number == 0 else '', text
        for line in missing_lines(traverse):
            yield '', line
    if 'network' in loaded.provenance:
        yield 'imported', loaded.provenance['network']
    else:
        yield 'training', _training(loaded)
    yield from _revisions(loaded, folder)
    yield from _calibration(loaded)
    yield from _confidence(loaded)
    yield 'hyperactive', _hyperactive(loaded)
    for number, (name, digest) in enumerate(checksums(folder).items()):
        yield 'sha256' if number == 0 else '', f'{digest}  {name}'


def _drawn(loaded: Map, folder: Path, found: Outlook) -> str:
    """Return the map as a picture, with the places that look most alike."""
    layout = layout_of(loaded.places, loaded.parts(), loaded.labels)
    notes: dict[frozenset[int], str] = {}
    for number in np.argsort(-found.ratio, kind='stable').tolist():
        place, other = int(found.compared[number]), int(found.alike[number])
        pair = frozenset((place, other))
        if len(pair) == 2 and pair not in notes and len(notes) < _PAIRS:
            names = f'{layout.name_of(place)} looks like {layout.name_of(other)}'
            notes[pair] = f'{names}: {found.ratio[number]:.0%}'
    expected = found.expected(len(loaded.places))
    unknown = ['without training data: how well places are recognised is not known']
    lines = [*(unknown if expected is None else []), *notes.values()]
    title = f'{folder.name}: revision {loaded.revision}, {several(len(loaded.places), "place")}'
    return draw_map(title, layout.frame_id, layout.positions, expected, lines)


def _revisions(loaded: Map, folder: Path) -> Iterator[Line]:
    """Yield the number of the revision, whether the map can be edited, its edits and labels."""
    editable = (folder / TRAINING).is_file()
    held = 'holds its training data' if editable else 'without training data, cannot be edited'
    undo = ', the previous revision is kept' if (folder / PREVIOUS).is_dir() else ''
    yield 'revision', f'{loaded.revision}, {held}{undo}'
    for each in loaded.provenance.get('edits', []):
        yield '', f'{each["revision"]}: {each["edit"]}, {each["created"]}, {each["software"]}'
    for number, (place, name) in enumerate(sorted(loaded.labels.items())):
        yield 'labels' if number == 0 else '', f'{place}: {name}'


def _encoding(encoding: EncodingConfig) -> str:
    if encoding.encoder == 'oriented':
        oriented = encoding.oriented
        return (
            f'oriented, {oriented.orientations} orientations in {oriented.cells}x{oriented.cells} '
            f'cells of {oriented.side}x{oriented.side} pixels'
        )
    if encoding.encoder == 'pixels':
        size = f'{encoding.width}x{encoding.height} pixels'
        return f'{size}, patch {encoding.patch}, {encoding.resize}'
    return encoding.encoder


def _places(loaded: Map) -> Iterator[Line]:
    poses = [place.pose for place in loaded.places if place.pose]
    counts = loaded.parts().counts
    yield 'places', f'{len(loaded.places)}, {len(poses)} with a pose'
    if len(counts) > 1:
        yield '', f'in {len(counts)} segments of {", ".join(map(str, counts))}'
    if poses:
        length = sum(pose.distance(before) for before, pose in zip(poses, poses[1:]))
        yield '', f'{length:.1f} m from the first to the last, in frame {poses[0].frame_id!r}'
    if loaded.origin:
        yield (
            '',
            '0, 0, 0 is latitude {:.7f}, longitude {:.7f}, altitude {:.2f} m'.format(
                *loaded.origin
            ),
        )


def _network(loaded: Map) -> Iterator[Line]:
    network = loaded.network
    if isinstance(network, SpikingNetwork):
        yield from _spiking(network)
        return
    if isinstance(network, GraphNetwork):
        yield 'network', f'{network}: {network.inputs} inputs, {several(network.places, "place")}'
        return
    if isinstance(network, LinearNetwork):
        yield 'network', f'{network}: {network.inputs}-{network.places}'
        if isinstance(network, ByteNetwork):
            yield 'search', str(TwoStageSearch(network))
        return
    held = network if isinstance(network, QuantisedNetwork) else floats_of(network)
    modules: Sequence[Module | QuantisedModule] = held.modules if held else ()
    shapes = [
        f'{module.feature.weights.shape[1]}-{len(module.feature.weights)}-'
        f'{len(module.output.weights)}'
        for module in modules
    ]
    yield 'network', str(network)
    begin = 0
    for number, (shape, module) in enumerate(zip(shapes, modules)):
        end = begin + len(module.output.weights)
        yield '', f'module {number}: {shape}, places {begin} to {end - 1}'
        begin = end
    if isinstance(network, QuantisedNetwork):
        yield from _demand(check_limits, network)


def _spiking(network: SpikingNetwork) -> Iterator[Line]:
    yield (
        'network',
        (
            f'{_several(len(network.modules), "module")} of spiking neurons, '
            f'{network.steps} time steps'
        ),
    )
    begin = 0
    for number, module in enumerate(network.modules):
        end = begin + len(module.output)
        yield (
            '',
            (
                f'module {number}: {module.hidden.shape[1]}-{len(module.hidden)}-'
                f'{len(module.output)}, places {begin} to {end - 1}'
            ),
        )
        begin = end
    yield from _demand(check_spiking_limits, network)


def _chips(loaded: Map) -> Iterator[Line]:
    """Yield for each chip whether the map fits, and what would."""
    shown, tolerance, segments = loaded.shown(), loaded.config.places.tolerance, loaded.parts()
    yield from fit_lines(
        loaded.network, shown, lambda made: own_frames(made, shown, tolerance, segments)
    )


def _demand(check: Callable[[T], list[Demand]], network: T) -> Iterator[Line]:
    """Yield the resources of Loihi 2 that the map and its modules need, or why they do not fit."""
    try:
        demands = check(network)
    except BackendError as error:
        yield 'cores', f'does not fit Loihi 2: {error}'
        return
    yield 'cores', describe_demand(demands)
    for number, demand in enumerate(demands):
        yield '', f'module {number}: {describe_module(demand)}'


def _sizes(loaded: Map, folder: Path) -> Iterator[Line]:
    network = loaded.network
    total = sum(file.stat().st_size for file in folder.rglob('*') if file.is_file())
    if isinstance(network, SpikingNetwork):
        spikes = sum(module.hidden.nbytes + module.output.nbytes for module in network.modules)
        yield 'weights', f'{spikes:,} bytes, 8 bits in 16'
        yield 'on disk', f'{total:,} bytes with places and thumbnails'
        return
    if isinstance(network, GraphNetwork):
        numbers = sum(array.nbytes for stage in network.stages for array in stage)
        yield 'weights', f'{numbers:,} bytes, float32'
        yield 'on disk', f'{total:,} bytes with places and thumbnails'
        return
    held = floats_of(network)
    floats = _all_bytes(held.modules if held else ())
    integers = _all_bytes(network.modules if isinstance(network, QuantisedNetwork) else ())
    if isinstance(network, ByteNetwork):
        outline = network.outline
        yield 'weights', f'{network.rows.nbytes:,} bytes, int8'
        yield 'outline', f'{outline.codes.nbytes + outline.basis.nbytes:,} bytes'
        yield 'on disk', f'{total:,} bytes with places and thumbnails'
        return
    if isinstance(network, LinearNetwork):
        floats = network.weights.nbytes
    yield 'fp32', f'{floats:,} bytes' if floats else 'none (training.keep_fp32 was false)'
    yield 'int8', f'{integers:,} bytes' if integers else 'none (training.quantize was none)'
    yield 'on disk', f'{total:,} bytes with places and thumbnails'


def _all_bytes(modules: Sequence[Module | QuantisedModule]) -> int:
    return sum(_bytes(layer) for module in modules for layer in (module.feature, module.output))


def _bytes(layer: Layer | QuantisedLayer) -> int:
    """Return the bytes of a layer's arrays and scalars."""
    if isinstance(layer, QuantisedLayer):
        return layer.weights.nbytes + layer.weight_scales.nbytes + 8
    return layer.weights.nbytes + layer.thresholds.nbytes + layer.target_rates.nbytes


def _windows(events: EventsConfig) -> str:
    windows = {
        'time': f'{events.period:g} s',
        'count': f'{events.count} events',
        'leaky': f'a trace that fades in {events.decay:g} s, every {events.period:g} s',
    }
    return f'{windows[events.window]}, polarities {events.polarity}'


def _training(loaded: Map) -> str:
    config = loaded.config.training
    if config.method == 'bootstrap':
        return f'bootstrap, seed {config.seed}, epochs: {config.bootstrap.epochs}'
    engine = f' for {config.engine}' if config.engine else ''
    quantised = 'floats' if config.quantize == 'none' else f'{config.quantize}{engine}'
    epochs = config.epochs or 'as many as needed'
    return f'{quantised}, seed {config.seed}, epochs: {epochs}'


def _calibration(loaded: Map) -> Iterator[Line]:
    quantised = loaded.network
    if not isinstance(quantised, QuantisedNetwork):
        return
    yield (
        'calibration',
        (
            f'inputs and features 0 to {quantised.activation_max}, input scale '
            f'{quantised.scale:.6g}, zero point {quantised.zero_point}'
        ),
    )
    for number, module in enumerate(quantised.modules):
        yield (
            '',
            (
                f'module {number}: feature scale {module.feature.scale:.6g}, zero point '
                f'{module.feature.zero_point}; similarity scale {module.output.scale:.6g}, '
                f'zero point {module.output.zero_point}'
            ),
        )


def _confidence(loaded: Map) -> Iterator[Line]:
    """Yield what the confidence of the map is based on, with its curve for each filter."""
    calibration = loaded.calibration
    within = f'correct within {_several(calibration.tolerance, "place")}'
    if not calibration.frames:
        yield 'confidence', f'model of the package; {within}'
        return
    frames = f'{calibration.frames} {calibration.held_out}'
    yield 'confidence', f'model of the package, refined on {frames}; {within}'
    for name, curve in calibration.curves.items():
        text = f'{name}: slope {curve.slope:.4g}, offset {curve.offset:+.4g}'
        if name in calibration.right:
            text += f', {calibration.right[name]:.0%} of the frames correct'
        yield '', text


def _hyperactive(loaded: Map) -> str:
    """Return which places respond to all frames alike."""
    found = hyperactive(loaded.response_statistics).tolist()
    if not found:
        return 'none (no place responds to all frames alike)'
    listed = ', '.join(map(str, found[:_LISTED])) + (', ...' if len(found) > _LISTED else '')
    verb = 'responds' if len(found) == 1 else 'respond'
    return f'{_several(len(found), "place")} {verb} to all frames alike: {listed}'


def _several(count: int, noun: str) -> str:
    return f'{count} {noun}' + ('' if count == 1 else 's')


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='map_info', description=__doc__)
    parser.add_argument('map', type=Path, help='folder of the map; all of it is checked')
    parser.add_argument(
        '--picture',
        type=Path,
        metavar='FILE',
        help='write the route, and where it will be sure, as a picture, .svg or .png',
    )
    given = parser.parse_args(args)

    def work() -> None:
        if given.picture is not None:
            check_picture(given.picture)
        loaded = load(given.map)
        maps = {given.map: loaded}
        maps.update({given.map / VIEWS / name: view for name, view in loaded.views.items()})
        for folder, each in maps.items():
            for name, text in describe(each, folder):
                print(f'{name:<12} {text}')
        if given.picture is not None:
            with ProgressBar() as progress:
                found = outlook_on_disk(loaded, user_path(given.map), progress)
            write_picture(_drawn(loaded, given.map, found), given.picture)

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
