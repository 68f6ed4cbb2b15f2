"""From recorded traverses to a map."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Iterator

from .. import __version__
from ..backends.reference import reference_backend
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.encoders import sensor_type
from ..errors import MapError, SourceError
from ..frames import Frame
from ..matching.confidence import Calibration
from ..network.network import Network
from ..network.training import check_method, train
from ..sources.traverse import Traverse, open_traverse
from ..statistics import Statistics
from ..support.progress import ProgressCallback, silent
from .confidence_fit import fit_confidence, measure_responses, mirrored
from .map import Map, route_of
from .reading import Reading
from .samples import Samples


def build_map(config: TrainerConfig, progress: ProgressCallback = silent) -> Map:
    """
    Read the reference traverses, cut them into places, train the network, fit confidence.

    Recordings are streamed: of a frame that becomes a place, its spikes and a thumbnail are kept.

    :raises SourceError: if a recording cannot be used.
    :raises MapError: if there are fewer than two places, or traverses do not fit one another.
    :raises ConfigError: if the training asked for cannot be had, before anything is read.
    """
    if not any(config.bags):
        raise MapError('no bags given: name the recordings of the route in the parameter bags')
    check_method(config.training)
    samples = Samples(config)
    reading = Reading(config, samples)
    traverses: list[dict[str, Any]] = []
    for bag in config.bags:
        traverse, origin = open_traverse(bag, config.input, config.poses, reading.origin)
        reading.read(_watched(traverse, f'reading {Path(bag).name}', progress), bag, origin)
        traverses.append(
            {
                'source': str(Path(bag).resolve()),
                'frames': len(traverse),
                'used': samples.count(),
                'unreadable': sum(traverse.skipped.values()),
            }
        )
        if not samples.count():
            raise SourceError(f'{bag}: no usable frame in it{_why(traverse)}')
        _settle_sensor(reading, traverse, config, bag)

    network = _train(samples, len(config.bags), config, progress)
    responses, calibration = _calibrate(network, samples, reading, config, progress)
    provenance = {
        'software': f'vprtempo_ros {__version__}',
        'created': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'traverses': traverses,
    }
    return Map(
        config,
        reading.places,
        network,
        reading.thumbnails,
        reading.sensor,
        samples.frames(0),
        samples.usual(0),
        responses,
        calibration,
        provenance,
        reading.origin,
    )


def _calibrate(
    network: Network,
    samples: Samples,
    reading: Reading,
    config: TrainerConfig,
    progress: ProgressCallback,
) -> tuple[Statistics, Calibration]:
    """Measure what places usually answer, and fit confidence to frames held out of training."""
    adapt = config.encoding.adapt
    shown = samples.frames(0)
    shown = standardise(shown, samples.usual(0)) if adapt else shown
    held_out = reading.held_out()
    if adapt:
        held_out = held_out.standardised(samples.usual(held_out.traverse))
    tolerance = config.places.tolerance
    backend = reference_backend(network)
    responses = measure_responses(backend, shown, tolerance)
    statistics = responses
    if held_out.traverse:
        # Of a further traverse nothing is held out of the network but here.
        backend.close()
        backend = reference_backend(_train(samples, 1, config, progress))
        statistics = measure_responses(backend, shown, tolerance)
    calibration = fit_confidence(
        backend,
        route_of(reading.places),
        statistics,
        held_out,
        mirrored(shown, config.encoding.width),
        tolerance,
        config.training.seed,
        progress,
    )
    backend.close()
    return responses, calibration


def _train(
    samples: Samples, traverses: int, config: TrainerConfig, progress: ProgressCallback
) -> Network:
    size = (config.encoding.width, config.encoding.height)
    return train(*samples.shown(traverses), config.training, progress, size)


def _watched(traverse: Traverse, stage: str, progress: ProgressCallback) -> Iterator[Frame]:
    total = len(traverse)
    for done, frame in enumerate(traverse):
        progress(stage, done, total)
        yield frame
    progress(stage, total, total)


def _settle_sensor(reading: Reading, traverse: Traverse, config: TrainerConfig, bag: str) -> None:
    """Note of what sensor the first traverse is; make sure that a further one is of the same."""
    sensor = reading.sensor
    sensor['type'] = sensor_type(config)
    if traverse.sensor is None:
        return
    if bag == config.bags[0]:
        sensor['width'], sensor['height'] = traverse.sensor
    if traverse.sensor != (sensor['width'], sensor['height']):
        raise MapError(
            f'{bag}: expected events of a sensor of {sensor["width"]}x'
            f'{sensor["height"]} pixels as in {config.bags[0]}, found '
            f'{traverse.sensor[0]}x{traverse.sensor[1]}'
        )


def _why(traverse: Traverse) -> str:
    if not traverse.skipped:
        return ''
    reason, count = max(traverse.skipped.items(), key=lambda item: item[1])
    return f' ({count} unreadable: {reason})'
