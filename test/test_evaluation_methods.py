"""Methods run row by row give what whole matrices give, and what they are configured to give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Street
from numpy.typing import NDArray

from vprtempo_ros.backends import create
from vprtempo_ros.config import BackendConfig, BagInputConfig, NodeConfig, PosesConfig, from_flat
from vprtempo_ros.encoding import Encoder
from vprtempo_ros.evaluation.baselines import ncc, sad
from vprtempo_ros.evaluation.by_pose import truth_by_pose
from vprtempo_ros.evaluation.evaluation import Evaluation, evaluate
from vprtempo_ros.evaluation.from_map import references_of, route_of
from vprtempo_ros.evaluation.query import Query, Reading, read_query
from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.evaluation.truth import GroundTruth
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load

Matrix = NDArray[np.float32]


@pytest.fixture(scope='module')
def parts(street: Street) -> tuple[Map, NDArray[np.uint8], Query, GroundTruth]:
    """Return the street's map, its templates, its query and the truth within 2 m."""
    loaded = load(street.map)
    query = read_query(str(street.recordings.query), loaded,
                       Reading(BagInputConfig(), PosesConfig()))
    return loaded, references_of(loaded), query, truth_by_pose(query, loaded, 2.0)


def evaluated(parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
              **settings: object) -> Evaluation:
    """Return the evaluation with settings of the node; double underscores stand for dots."""
    return evaluate(*parts, from_flat(NodeConfig, {
        name.replace('__', '.'): value for name, value in settings.items()}))


def test_templates_are_the_places_own_pixels(
    street: Street, parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
) -> None:
    """Templates are what the map's encoder makes of the frames that became places."""
    loaded, references, _, _ = parts
    encode = Encoder(loaded.config.encoding)
    np.testing.assert_array_equal(references,
                                  [encode(frame.image) for frame in street.places()])


def test_figures_are_those_of_whole_matrices(
    parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
) -> None:
    """Recall@N of each method is that of the ranked matrix, normalised ones included."""
    loaded, references, query, truth = parts
    backend = create(loaded.network, BackendConfig())
    matrices: dict[str, Matrix] = {
        'network': np.stack([backend.similarity(spikes) for spikes in query.spikes]),
        'SAD': sad(query.spikes, references), 'NCC': ncc(query.spikes, references)}
    for name in ('SAD', 'NCC'):
        matrix = matrices[name].astype(np.float64)
        matrices[f'{name}, normalised over the query'] = (
            (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)).astype(np.float32)
    found = {row.name: row for row in evaluated(parts, match__sequence__filter='none').rows}
    assert set(matrices) <= set(found)
    for name, matrix in matrices.items():
        for n, value in found[name].recall.items():
            assert value == recall_at(truth, ranked(matrix, n), n), (name, n)
    assert not found['SAD, normalised over the query'].causal
    assert found['network'].recall[1] > 0.6


def test_each_method_is_shown_with_and_without_the_sequence(
    parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
) -> None:
    """With a filter every method is there twice, the configured one first; single frames stay."""
    single = {row.name: row for row in evaluated(parts, match__sequence__filter='none').rows}
    found = evaluated(parts, match__sequence__filter='seqslam')
    rows = {row.name: row for row in found.rows}
    assert found.headline.name == 'network + seqslam'
    assert set(rows) == set(single) | {f'{name} + seqslam' for name in single}
    for name, row in single.items():
        np.testing.assert_array_equal(rows[name].answers.ranks, row.answers.ranks)


def test_what_is_held_back_does_not_bend_the_curves(
    parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
) -> None:
    """match.min_confidence changes the point that is configured, not recall@N or the curve."""
    every, sure = evaluated(parts), evaluated(parts, match__min_confidence=0.9)
    assert sure.headline.recall == every.headline.recall
    assert sure.error == every.error
    assert sure.configured.answered < every.configured.answered == 1.0
    given = every.headline.answers.certainty >= 0.9
    assert sure.configured.answered == given.mean()


def test_a_frame_from_nowhere_is_rejected_by_what_it_scores(
    parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
) -> None:
    """The places' own images as queries from elsewhere are too much alike to be rejected."""
    loaded, references, query, truth = parts
    count = len(references)
    twins = replace(query, spikes=references, stamps=np.arange(count) * 10**9,
                    decode_ms=np.zeros(count), encode_ms=np.zeros(count))
    noise = replace(twins, spikes=np.random.default_rng(0).integers(
        0, 256, references.shape).astype(np.uint8))
    shares = []
    for elsewhere in (twins, noise):
        found = evaluate(loaded, references, query, truth, NodeConfig(), elsewhere)
        assert found.headline.elsewhere is not None
        assert found.headline.elsewhere.configured == 0.0
        shares.append({row.name: row.elsewhere.kept for row in found.rows if row.elsewhere})
    assert shares[0]['SAD'] == 0.0
    assert shares[0]['network'] < 0.2
    assert shares[1]['SAD'] > 0.9
    assert shares[1]['NCC'] > 0.9


def test_a_route_is_described_by_its_median_steps(
    parts: tuple[Map, NDArray[np.uint8], Query, GroundTruth],
) -> None:
    """The street's places are 2 m apart, driven 0.5 m a frame at 10 Hz."""
    route = route_of(parts[0])
    assert route.places == len(parts[0].places)
    assert route.step_m == pytest.approx(2.0, abs=0.3)
    assert route.step_s == pytest.approx(0.4, abs=0.1)


def test_a_recording_that_is_gone(street: Street, tmp_path: Path) -> None:
    """Templates need the recording; another one in its place is noticed."""
    from vprtempo_ros.errors import SourceError
    loaded = load(street.map)
    config = replace(loaded.config, bags=[str(street.recordings.query)])
    with pytest.raises(SourceError, match='expected the recording that the map was made from'):
        references_of(replace(loaded, config=config))
    with pytest.raises(SourceError, match='no such bag'):
        references_of(replace(loaded, config=replace(config, bags=[str(tmp_path / 'gone')])))
