"""Fitting the confidence model: what it may use, what it must not have seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from benchmarks import confidence_model as module
from benchmarks.confidence_model import MODEL, fit, leave_one_out, model_text, rows, weights
from benchmarks.cue_tables import SEEDS, CueTable, Source, make_tables, sources, table_of
from benchmarks.drives import MIX, OFF, RETURN, WHOLE, Drive, cues_of, drives, off_map_drives
from benchmarks.routes import BenchmarkRoute
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.frames import grey_image
from vprtempo_ros.matching.confidence import Model, model_from, shipped_models
from vprtempo_ros.matching.cues import NAMES
from vprtempo_ros.matching.stages import Route

PLACES = 30
NOTHING = grey_image(np.zeros((2, 2), np.uint8))


def scores(frames: int, seed: int = 0, stands_out: float = 0.0) -> NDArray[np.float32]:
    """Return normalised scores of noise; frame n stands out at place n."""
    rows = np.random.default_rng(seed).normal(0, 1, (frames, PLACES))
    number = np.arange(min(frames, PLACES))
    rows[number, number] += stands_out
    return rows.astype(np.float32)


def route(ordered: bool = True) -> BenchmarkRoute:
    number = np.arange(PLACES)
    truth = GroundTruth(
        number * 10**9 + 1, np.maximum(number - 1, 0), np.minimum(number + 1, PLACES - 1)
    )
    images = [NOTHING] * PLACES
    return BenchmarkRoute('r', images, images, truth, Route(PLACES, 1.0), 1, ordered)


def made(few: bool = False, ordered: bool = True) -> list[Drive]:
    rng = np.random.default_rng(7)
    whole, off = scores(PLACES, stands_out=6.0), [scores(50, 1), scores(20, 2)]
    return list(drives(route(ordered), whole, off, rng, few))


def test_drives_are_whole_mixed_and_returning() -> None:
    """The first is the query as recorded; the others are parts of it with evidence of their own."""
    kinds = [drive.kind for drive in made()]
    assert kinds == [WHOLE] + [MIX] * 6 + [RETURN] * 2
    assert [drive.kind for drive in made(few=True)] == [WHOLE, MIX, MIX]
    assert {drive.kind for drive in made(ordered=False)} == {WHOLE, MIX}
    for drive in made():
        assert len({len(column) for column in drive[1:]}) == 1
        assert (np.diff(drive.stamps) > 0).all()
        assert drive.scores.dtype == np.float32
    away = next(drive for drive in made() if drive.kind == RETURN)
    assert (away.first[PLACES : PLACES + 60] == NO_PLACE).all()


def test_the_same_seed_makes_the_same_drives() -> None:
    for one, two in zip(made(), made()):
        assert all(np.array_equal(a, b) for a, b in zip(one[1:], two[1:]))


def test_no_place_is_correct_off_the_map() -> None:
    away = list(off_map_drives(route().truth.stamps, [scores(12, 3)]))
    cues, correct = cues_of(away[0], Route(PLACES, 1.0), 1, 'bayes')
    assert cues.shape == (12, len(NAMES)) and not correct.any()
    _, correct = cues_of(made()[0], Route(PLACES, 1.0), 1, 'bayes')
    assert correct.mean() > 0.9


def table(family: str, name: str, against: bool = False, frames: int = 400) -> CueTable:
    """Return cues of which `mass` says what is correct, or the opposite; half of it off the map."""
    rng = np.random.default_rng(len(name))
    cues = rng.normal(0, 1, (frames, len(NAMES)))
    kinds = np.where(np.arange(frames) % 2, WHOLE, OFF)
    sign = -1 if against else 1
    chance = 1 / (1 + np.exp(-sign * 2 * cues[:, NAMES.index('mass')]))
    correct = (rng.random(frames) < chance) & (kinds == WHOLE)
    return CueTable(
        name, 'oriented', family, cues, correct, kinds, np.where(kinds == OFF, '', name)
    )


@pytest.mark.long
def test_evidence_never_lowers_the_confidence() -> None:
    """A cue that speaks against its own sign is left out."""
    model = fit([table('a', 'one')], ['mass', 'rival'])
    assert model.weights[NAMES.index('mass')] > 0.5
    opposite = fit([table('a', 'one', against=True)], ['mass', 'places'])
    assert opposite.weights[NAMES.index('mass')] == 0.0


def test_families_weigh_the_same() -> None:
    """However many maps and frames they have."""
    tables = [table('a', 'one'), table('a', 'two', frames=100), table('b', 'three', frames=40)]
    found = weights(tables)
    assert found.mean() == pytest.approx(1.0)
    assert found[:500].sum() == pytest.approx(found[500:].sum())


def test_a_family_is_left_out_of_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def spied(tables: list[CueTable], names: object) -> Model:
        seen.append({each.family for each in tables})
        return model_from({'mass': 1.0, 'offset': 0.0})

    monkeypatch.setattr(module, 'fit', spied)
    tables = [table('a', 'one'), table('a', 'two'), table('b', 'three'), table('c', 'four')]
    found = leave_one_out(tables, ['mass'])
    assert seen == [{'b', 'c'}, {'a', 'c'}, {'a', 'b'}]
    assert [key.query for key in found] == ['one', 'two', 'three', 'four']


def test_rows_are_about_the_query_as_recorded() -> None:
    """Frames off the map count for rejection only."""
    each = table('a', 'one')
    model = model_from({'mass': 2.0, 'offset': 0.0})
    found = rows(each, model)['one']
    assert found.recall == pytest.approx(each.correct[each.kinds == WHOLE].mean())
    assert found.calibration < 0.1
    assert found.rejected_confident == pytest.approx(0.5, abs=0.1)


def test_the_text_of_a_model_is_read_back() -> None:
    """What is shipped has the form that the command writes."""
    models = shipped_models()
    tree = yaml.safe_load(model_text(models))['filters']
    for name, model in models.items():
        assert np.allclose(model_from(tree[name]).weights, model.weights, atol=1e-4)
    assert MODEL.read_text(encoding='utf-8') == model_text(models)


def test_rendered_routes_of_the_fit_are_not_those_of_the_benchmark() -> None:
    from benchmarks import moved_views, unseen

    assert not set(SEEDS) & set(moved_views.SEEDS)
    # Nor are the routes that are off their maps.
    assert min(unseen.SEEDS) > max(*SEEDS, *moved_views.SEEDS)
    names = [source.name for source in sources()]
    assert len(set(names)) == len(names)


@pytest.mark.long
def test_tables_are_made_once(tmp_path: Path) -> None:
    """From images to the cues of every filter."""
    rng = np.random.default_rng(5)
    images = [
        grey_image(image.astype(np.uint8))
        for image in np.kron(rng.integers(40, 216, (PLACES + 12, 6, 8)), np.ones((8, 8)))
    ]
    number = np.arange(PLACES)
    known = BenchmarkRoute(
        'r',
        images[:PLACES],
        images[:PLACES],
        GroundTruth(number * 10**9 + 1, number, number),
        Route(PLACES, 1.0),
    )
    calls = []

    def queries() -> list[BenchmarkRoute]:
        calls.append(1)
        return [known]

    source = Source('scenes', 'scenes', queries, lambda: [images[PLACES:]])
    for _ in range(2):
        make_tables(source, 'oriented', tmp_path)
    assert len(calls) == 1
    found = table_of(source, 'oriented', 'bayes', tmp_path)
    assert found is not None and set(found.kinds) == {WHOLE, MIX, RETURN, OFF}
    assert found.correct[found.kinds == WHOLE].mean() > 0.9
    assert not found.correct[found.kinds == OFF].any()
    assert table_of(source, 'pixels', 'bayes', tmp_path) is None
