"""Methods run row by row give the figures of whole matrices and follow the configuration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from support.street import Street

from vprtempo_ros.backends import Backend, create
from vprtempo_ros.config import BackendConfig, BagInputConfig, NodeConfig, PosesConfig
from vprtempo_ros.encoding.adaptation import standardise
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.evaluation.baselines import Ncc, Sad
from vprtempo_ros.evaluation.by_pose import truth_by_pose
from vprtempo_ros.evaluation.evaluation import Evaluation, evaluate
from vprtempo_ros.evaluation.query import Query, QueryConfig, read_query
from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.evaluation.truth import GroundTruth
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.normalisation import Normaliser
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat

Matrix = NDArray[np.float32]
Parts = tuple[Map, Query, GroundTruth]


@pytest.fixture(scope='module')
def parts(street: Street) -> Parts:
    """Return the street's map, its query and the truth within 2 m."""
    loaded = load(street.map)
    query = read_query(
        str(street.recordings.query), loaded, QueryConfig(BagInputConfig(), PosesConfig())
    )
    return loaded, query, truth_by_pose(query, loaded, 2.0)


def evaluated(parts: Parts, **settings: object) -> Evaluation:
    """Return the evaluation with options of the node; double underscores stand for dots."""
    return evaluate(
        *parts,
        from_flat(NodeConfig, {name.replace('__', '.'): value for name, value in settings.items()}),
    )


def test_templates_are_the_places_own_pixels(street: Street, parts: Parts) -> None:
    """Templates are the encoded frames of the places."""
    loaded, _, _ = parts
    encode = encoder_for(loaded.config)
    spikes = np.stack([encode(frame.image) for frame in street.places()])
    np.testing.assert_array_equal(loaded.spikes, spikes)
    np.testing.assert_array_equal(loaded.shown(), standardise(spikes, loaded.pixel_statistics))
    plain = replace(
        loaded, config=replace(loaded.config, encoding=replace(loaded.config.encoding, adapt=False))
    )
    np.testing.assert_array_equal(plain.shown(), spikes)


def test_figures_are_those_of_whole_matrices(parts: Parts) -> None:
    """Recall@N of each method is that of the ranked matrix, normalised ones included."""
    loaded, query, truth = parts
    shown = loaded.shown()
    engines: dict[str, Backend] = {
        'network': create(loaded.network, BackendConfig()),
        'SAD': Sad(shown),
        'NCC': Ncc(shown),
    }
    matrices: dict[str, Matrix] = {}
    for name, engine in engines.items():
        matrix = np.stack([engine.similarity(spikes) for spikes in query.spikes])
        # Each place by its response statistics, of the map or of the template.
        statistics = (
            loaded.response_statistics
            if name == 'network'
            else measure_responses(engine, shown, loaded.config.places.tolerance)
        )
        normalise = Normaliser(statistics)
        scored = np.stack([normalise(row, FrameTiming(0)) for row in matrix])
        if name == 'network':
            matrices[name] = scored
        else:
            matrices[name], matrices[f'{name}, normalised'] = matrix, scored
            wide = matrix.astype(np.float64)
            matrices[f'{name}, normalised over the query'] = (
                (wide - wide.mean(axis=0)) / wide.std(axis=0)
            ).astype(np.float32)
        engine.close()
    found = {row.name: row for row in evaluated(parts, match__sequence__filter='none').methods}
    assert set(matrices) == set(found)
    for name, matrix in matrices.items():
        for n, value in found[name].recall.items():
            assert value == recall_at(truth, ranked(matrix, n), n), (name, n)
    assert [name for name, row in found.items() if not row.causal] == [
        'SAD, normalised over the query',
        'NCC, normalised over the query',
    ]
    assert found['network'].recall[1] > 0.6


def test_normalisation_can_be_turned_off(parts: Parts) -> None:
    """With match.normalise: false the network's scores are its similarities."""
    loaded, query, truth = parts
    backend = create(loaded.network, BackendConfig())
    matrix = np.stack([backend.similarity(spikes) for spikes in query.spikes])
    backend.close()
    found = evaluated(parts, match__sequence__filter='none', match__normalise=False).headline
    assert found.predictions.places.tolist() == matrix.argmax(axis=1).tolist()
    assert found.recall[1] == recall_at(truth, ranked(matrix, 1), 1)


def test_each_method_is_shown_with_and_without_the_sequence(parts: Parts) -> None:
    """With a filter each method is listed twice, the configured one first; single frames stay."""
    single = {row.name: row for row in evaluated(parts, match__sequence__filter='none').methods}
    found = evaluated(parts, match__sequence__filter='seqslam')
    rows = {row.name: row for row in found.methods}
    assert found.headline.name == 'network + seqslam'
    assert set(rows) == set(single) | {f'{name} + seqslam' for name in single}
    for name, row in single.items():
        np.testing.assert_array_equal(rows[name].predictions.ranks, row.predictions.ranks)


@pytest.mark.long
def test_min_confidence_does_not_change_the_curves(parts: Parts) -> None:
    """match.min_confidence changes the operating point, not recall@N or the curve."""
    every, sure = evaluated(parts), evaluated(parts, match__min_confidence=0.9)
    assert sure.headline.recall == every.headline.recall
    assert sure.calibration_error == every.calibration_error
    assert sure.operating_point.answered < every.operating_point.answered
    given = every.headline.predictions.certainty >= 0.9
    assert sure.operating_point.answered == given.mean()


@pytest.mark.long
def test_out_of_map_queries_are_rejected_by_their_scores(parts: Parts) -> None:
    """Noise is rejected; the images of the places themselves are too similar to be rejected."""
    loaded, query, truth = parts
    references = loaded.shown()
    count = len(references)
    twins = replace(
        query,
        spikes=references,
        stamps=np.arange(count) * 10**9,
        decode_ms=np.zeros(count),
        encode_ms=np.zeros(count),
    )
    noise = replace(
        twins, spikes=np.random.default_rng(0).integers(0, 256, references.shape).astype(np.uint8)
    )
    shares, configured = [], []
    for negatives in (twins, noise):
        found = evaluate(loaded, query, truth, NodeConfig(), negatives)
        assert found.headline.rejection is not None
        configured.append(found.headline.rejection.configured)
        shares.append(
            {method.name: method.rejection.kept for method in found.methods if method.rejection}
        )
    assert configured[0] < 0.3
    assert configured[1] > 0.8
    assert shares[0]['SAD'] == 0.0
    assert shares[0]['network + bayes'] < 0.2
    for name, least in {'SAD': 0.99, 'NCC': 0.99, 'network + bayes': 0.9}.items():
        assert shares[1][name] > least, name


def test_a_route_is_described_by_its_median_steps(parts: Parts) -> None:
    """The street's places are 2 m apart, driven 0.5 m a frame at 10 Hz."""
    route = parts[0].route()
    assert route.places == len(parts[0].places)
    assert route.step_m == pytest.approx(2.0, abs=0.3)
    assert route.step_s == pytest.approx(0.4, abs=0.1)


def test_a_recording_that_is_gone(parts: Parts) -> None:
    """The recording of the reference is not needed after training."""
    loaded, query, truth = parts
    moved = replace(loaded, config=replace(loaded.config, bags=['/no/such/bag']))
    one, two = (evaluate(each, query, truth, NodeConfig()) for each in (loaded, moved))
    assert [row.recall for row in one.methods] == [row.recall for row in two.methods]
