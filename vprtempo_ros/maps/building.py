"""From recorded traverses to a map."""

from __future__ import annotations

import datetime

from ..backends.reference import reference_backend
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..errors import MapError
from ..matching.confidence import Calibration
from ..network.network import Network
from ..network.training import check_method, train
from ..statistics import Statistics
from ..support.progress import ProgressCallback, silent
from ..version import __version__
from .confidence_fit import fit_confidence, measure_responses, mirrored
from .map import Map, Provenance, route_of
from .reading import RouteData, read_route
from .samples import TraverseSamples, training_samples


def build_map(config: TrainerConfig, progress: ProgressCallback = silent) -> Map:
    """
    Read the reference traverses, take places from them, train the network, fit the confidence.

    Recordings are streamed: of a frame that becomes a place, spikes and a thumbnail are kept.

    :raises SourceError: if a recording is unusable.
    :raises MapError: if there are fewer than two places, or traverses do not fit each other.
    :raises ConfigError: before reading anything, if the training method is not available.
    """
    if not any(config.bags):
        raise MapError('no bags given: name the recordings of the route in the parameter bags')
    check_method(config.training)
    route = read_route(config, progress)
    network = _train(route.samples, config, progress)
    responses, calibration = _calibrate(network, route, config, progress)
    provenance: Provenance = {
        'software': f'vprtempo_ros {__version__}',
        'created': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'traverses': route.records,
    }
    first = route.samples[0]
    return Map(
        config,
        route.places,
        network,
        route.thumbnails,
        route.sensor,
        first.frames,
        first.statistics,
        responses,
        calibration,
        provenance,
        route.origin,
    )


def _calibrate(
    network: Network, route: RouteData, config: TrainerConfig, progress: ProgressCallback
) -> tuple[Statistics, Calibration]:
    """Measure the responses of the places, and fit the confidence to held-out frames."""
    first, held_out = route.samples[0], route.held_out
    shown = first.frames
    if config.encoding.adapt:
        shown = standardise(shown, first.statistics)
        held_out = held_out.standardised(route.samples[held_out.traverse].statistics)
    tolerance = config.places.tolerance
    backend = reference_backend(network)
    responses = measure_responses(backend, shown, tolerance)
    statistics = responses
    if held_out.traverse:
        # The network of the map was trained on this traverse: fit with one that was not.
        backend.close()
        backend = reference_backend(_train(route.samples[:1], config, progress))
        statistics = measure_responses(backend, shown, tolerance)
    calibration = fit_confidence(
        backend,
        route_of(route.places),
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
    samples: list[TraverseSamples], config: TrainerConfig, progress: ProgressCallback
) -> Network:
    spikes, places = training_samples(samples, config.encoding.adapt)
    size = (config.encoding.width, config.encoding.height)
    return train(spikes, places, config.training, progress, size)
