"""From recorded traverses, or from the content of a map that was edited, to a map."""

from __future__ import annotations

import datetime

from ..arrays import Spikes
from ..backends.reference import reference_backend
from ..config import TrainerConfig
from ..errors import MapError
from ..executors.choice import check_executor
from ..matching.confidence import Calibration, shipped_calibration
from ..matching.normalisation import softened
from ..network.byte_network import byte_network
from ..network.linear import Fit, fit_linear
from ..network.network import LinearNetwork, Network
from ..network.training import check_method, check_places, is_closed_form, train
from ..statistics import Statistics, statistics_of
from ..support.paths import check_once
from ..support.progress import ProgressCallback, silent
from ..support.sampling import evenly_spread
from ..version import __version__
from .camera_reading import read_cameras
from .confidence_fit import measure_responses, refine_confidence
from .content import MapContent
from .held_out import held_out_frames
from .map import Map, Provenance, route_of
from .samples import REFERENCE, training_samples, trials_of

# Places from which the weights of a map are integers of 8 bits, unless set otherwise.
_MANY = 20_000
# Reference frames by which the estimates of their outline are scaled.
_FRAMES = 500


def build_map(config: TrainerConfig, progress: ProgressCallback = silent) -> Map:
    """
    Read the reference traverses, take places from them, train the network, fit the confidence.

    Recordings are streamed: of a frame that becomes a place, spikes and a thumbnail are kept.

    :raises SourceError: if a recording is unusable.
    :raises VprError: if one is named twice.
    :raises MapError: if there are fewer than two places, or traverses do not fit each other.
    :raises ConfigError: before reading anything, if the training method is not available.
    """
    if not any(config.bags):
        raise MapError('no bags given: name the recordings of the route in the parameter bags')
    # Frames of a drive that the map was trained on would refine its confidence.
    check_once(config.bags, 'bags')
    check_method(config.training)
    check_executor(config.training)
    contents = read_cameras(config, progress)
    maps = {
        name: fit_map(content, _provenance(content), progress) for name, content in contents.items()
    }
    first, *others = maps
    built = maps[first]
    built.camera, built.views = first, {name: maps[name] for name in others}
    return built


def _provenance(content: MapContent) -> Provenance:
    return {
        'software': f'vprtempo_ros {__version__}',
        'created': now(),
        'traverses': content.records,
    }


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')


def fit_map(
    content: MapContent, provenance: Provenance, progress: ProgressCallback = silent
) -> Map:
    """
    Train the network of a map and fit its confidence; the same content gives the same map.

    :raises MapError: if there are fewer than two places.
    """
    check_places(len(content.places))
    encoded, shown = content.data.references()
    network = _train(content, shown, True, progress)
    training = content.config.training
    editable = is_closed_form(training) and training.keep_samples
    responses, calibration = _calibrate(network, content, shown, progress)
    network = _stored(network, responses, content, shown)
    built = Map(
        content.config,
        content.places,
        network,
        content.thumbnails,
        content.sensor,
        encoded,
        statistics_of(encoded),
        responses,
        calibration,
        provenance,
        content.origin,
        content.segments,
        [content.traverses[number].statistics for number in content.starts_of_traverses()],
        content.labels,
        content.data if editable else None,
    )
    built.encoder = content.encoder
    return built


def _stored(network: Network, responses: Statistics, content: MapContent, shown: Spikes) -> Network:
    """Return the network as the map holds it: of large ones the weights are integers of 8 bits."""
    kind = content.config.training.weights
    many = len(content.places) >= _MANY
    if not isinstance(network, LinearNetwork) or kind == 'float32' or not (kind or many):
        return network
    chosen = evenly_spread(len(content.places), _FRAMES)
    tolerance = content.config.places.tolerance
    return byte_network(
        network,
        responses,
        content.data.sums,
        shown[chosen],
        chosen,
        tolerance,
        content.segments,
        content.config.training.threads,
    )


def _calibrate(
    network: Network, content: MapContent, shown: Spikes, progress: ProgressCallback
) -> tuple[Statistics, Calibration]:
    """Measure the responses of the places; refine the confidence on an additional traverse."""
    tolerance, segments = content.config.places.tolerance, content.segments
    threads = content.config.training.threads
    part = content.encoder.profile.normalisation
    backend = reference_backend(network)
    responses = softened(measure_responses(backend, shown, tolerance, segments, threads), part)
    backend.close()
    held_out = held_out_frames(content.traverses, content.adapt)
    if held_out is None:
        return responses, shipped_calibration(tolerance)
    # The network of the map was trained on this traverse: refine with one that was not.
    backend = reference_backend(_train(content, shown, False, progress))
    calibration = refine_confidence(
        backend,
        route_of(content.places, segments, content.records),
        softened(measure_responses(backend, shown, tolerance, segments, threads), part),
        held_out,
        content.encoder.mirrored(shown),
        tolerance,
        progress,
    )
    backend.close()
    return responses, calibration


def _train(
    content: MapContent, shown: Spikes, with_additional: bool, progress: ProgressCallback
) -> Network:
    """Train on all traverses, or on those that define places only."""
    config = content.config
    if is_closed_form(config.training):
        return _fit(content, shown, with_additional, progress).network
    traverses = [each for each in content.traverses if with_additional or each.role == REFERENCE]
    spikes, places = training_samples(traverses, content.adapt)
    size = (config.encoding.width, config.encoding.height)
    return train(spikes, places, config.training, progress, size)


def _fit(
    content: MapContent, shown: Spikes, with_additional: bool, progress: ProgressCallback
) -> Fit:
    """Fit the linear network in closed form."""
    stage = 'fitting network'
    progress(stage, 0, 2)
    samples = content.data.fitted(with_additional)
    progress(stage, 1, 2)
    trials = trials_of(content.traverses, content.adapt)
    config = content.config
    tolerance = config.places.tolerance
    profile = content.encoder.profile
    threads = config.training.threads
    fit = fit_linear(samples, shown, trials, tolerance, profile, content.segments, threads)
    progress(stage, 2, 2)
    return fit
