"""From recorded traverses to a map."""

from __future__ import annotations

import datetime

from ..backends.reference import reference_backend
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..errors import MapError
from ..matching.confidence import Calibration, shipped_calibration
from ..matching.normalisation import softened
from ..network.linear import fit_linear, sums_of
from ..network.network import Network
from ..network.training import check_method, check_places, is_closed_form, train
from ..statistics import Statistics
from ..support.progress import ProgressCallback, silent
from ..version import __version__
from .confidence_fit import measure_responses, refine_confidence
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
    network = _train(route.samples, route, config, progress)
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
    """Measure the responses of the places; refine the confidence on an additional traverse."""
    first, adapt = route.samples[0], config.encoding.adapt
    shown = standardise(first.frames, first.statistics) if adapt else first.frames
    tolerance, part = config.places.tolerance, route.encode.profile.normalisation
    backend = reference_backend(network)
    responses = softened(measure_responses(backend, shown, tolerance), part)
    backend.close()
    held_out = route.held_out
    if held_out is None:
        return responses, shipped_calibration(tolerance)
    if adapt:
        held_out = held_out.standardised(route.samples[held_out.traverse].statistics)
    # The network of the map was trained on this traverse: refine with one that was not.
    backend = reference_backend(_train(route.samples[:1], route, config, progress))
    calibration = refine_confidence(
        backend,
        route_of(route.places),
        softened(measure_responses(backend, shown, tolerance), part),
        held_out,
        route.encode.mirrored(shown),
        tolerance,
        progress,
    )
    backend.close()
    return responses, calibration


def _train(
    samples: list[TraverseSamples],
    route: RouteData,
    config: TrainerConfig,
    progress: ProgressCallback,
) -> Network:
    check_places(len(route.places))
    if is_closed_form(config.training):
        return _fit(samples, route, config, progress)
    spikes, places = training_samples(samples, config.encoding.adapt)
    size = (config.encoding.width, config.encoding.height)
    return train(spikes, places, config.training, progress, size)


def _fit(
    samples: list[TraverseSamples],
    route: RouteData,
    config: TrainerConfig,
    progress: ProgressCallback,
) -> Network:
    """Fit the linear network in closed form."""
    stage = 'fitting network'
    progress(stage, 0, 2)
    first, adapt = samples[0], config.encoding.adapt
    references = standardise(first.frames, first.statistics) if adapt else first.frames
    spikes, places = training_samples(samples, adapt)
    sums = sums_of(spikes, places, len(references))
    progress(stage, 1, 2)
    profile = route.encode.profile
    fit = fit_linear(sums, references, route.trials, config.places.tolerance, profile)
    progress(stage, 2, 2)
    return fit.network
