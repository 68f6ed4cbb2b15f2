"""
Fit the confidence model on many routes: `python -m benchmarks.confidence_model`.

Each map of `cue_tables.py` is built and driven by the package's own code (cues are kept in
build/confidence; delete it after changes to encoders, network, filters or cues). Prints, for each
route, the figures of a model that was fitted without the route's family, and those of the model
that is shipped now; then fits all. --write puts the models of these filters into the package.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Iterable, NamedTuple

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from vprtempo_ros.evaluation.evaluation import KEPT
from vprtempo_ros.evaluation.precision import precision_recall
from vprtempo_ros.evaluation.predictions import Predictions
from vprtempo_ros.evaluation.reliability import calibration_error, reliability
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.matching import confidence
from vprtempo_ros.matching.confidence import Model, shipped_models
from vprtempo_ros.matching.cues import NAMES

from .comparison import CONFIDENT, FILTERS, PRECISION
from .cue_tables import ENCODERS, CueTable, make_tables, sources, table_of
from .drives import MIX, OFF, RETURN, WHOLE
from .report import table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Cues that the model of each filter may use: single frames have no frames before.
_SINGLE = ('mass', 'entropy', 'own', 'lead', 'places', 'rival')
CUES = {
    'none': _SINGLE,
    'seqslam': (*_SINGLE, 'own_recent', 'agreed', 'age', 'rank', 'rank_recent', 'steady'),
    # Log odds have no entropy.
    'bayes': tuple(name for name in NAMES if name != 'entropy'),
}

# The sign of a cue: evidence for a match must not lower its confidence.
_AGAINST = ('entropy', 'off', 'rank', 'rank_recent')
_EITHER = ('age', 'places')

# Weight of each kind of drive within a map; all families of routes have the same weight. How often
# a robot is off its map decides what a doubtful match is worth: with 0.5 instead of 0.1 for each,
# single frames on the map are underrated (calibration error 0.08 instead of 0.06).
_SHARES = {WHOLE: 1.0, MIX: 0.1, RETURN: 0.1, OFF: 0.1}

MODEL = Path(confidence.__file__).with_name('confidence_model.yaml')


class Row(NamedTuple):
    """The figures of one query; rejected: off the map, where 95 % of correct matches are kept."""

    recall: float
    precise: float
    calibration: float
    correct: float
    answered: float
    rejected: float
    rejected_confident: float


class Key(NamedTuple):
    """What a row is about."""

    family: str
    encoder: str
    query: str


HEAD = [
    'recall@1',
    'at 99 % precision',
    'calibration error',
    'correct at >= 0.5',
    'answered',
    'rejected where 95 % of correct matches are kept',
    'rejected at 0.5',
]


def weights(tables: list[CueTable]) -> Floats:
    """Return the weight of each frame, float64 (frames,), mean 1."""
    families = [each.family for each in tables]
    parts = []
    for each in tables:
        part = np.zeros(len(each.correct))
        for kind, share in _SHARES.items():
            chosen = each.kinds == kind
            part[chosen] = share / max(1, int(chosen.sum()))
        parts.append(part / families.count(each.family))
    whole = np.concatenate(parts)
    return whole * (len(whole) / whole.sum())


def fit(tables: list[CueTable], names: Iterable[str]) -> Model:
    """Return the logistic model of these tables; cues with the wrong sign are left out."""
    from sklearn.linear_model import LogisticRegression

    columns = [NAMES.index(name) for name in names]
    cues = np.concatenate([each.cues for each in tables])
    correct = np.concatenate([each.correct for each in tables])
    mean, scale = cues.mean(axis=0), cues.std(axis=0) + 1e-9
    importance = weights(tables)
    while True:
        model = LogisticRegression(max_iter=1000).fit(
            (cues[:, columns] - mean[columns]) / scale[columns], correct, importance
        )
        signed = [
            slope * _direction(NAMES[column]) for slope, column in zip(model.coef_[0], columns)
        ]
        if min(signed) >= 0.0:
            break
        del columns[int(np.argmin(signed))]
    found = np.zeros(len(NAMES))
    found[columns] = model.coef_[0] / scale[columns]
    return Model(found, float(model.intercept_[0] - found @ mean))


def _direction(name: str) -> int:
    if name in _EITHER:
        return 0
    return -1 if name in _AGAINST else 1


def confidences(model: Model, cues: Floats) -> Floats:
    """Return the confidences float64 (frames,) for cues float64 (frames, cues)."""
    exponents = np.clip(cues @ model.weights + model.offset, -50, 50)
    return np.asarray(1.0 / (1.0 + np.exp(-exponents)))


def rows(each: CueTable, model: Model) -> dict[str, Row]:
    """Return the figures of each query of a map."""
    away = confidences(model, each.cues[each.kinds == OFF])
    found = {}
    for query in dict.fromkeys(each.queries[each.kinds == WHOLE].tolist()):
        whole = (each.kinds == WHOLE) & (each.queries == query)
        sure, correct = confidences(model, each.cues[whole]), each.correct[whole]
        place = np.where(correct, 0, NO_PLACE)
        truth = GroundTruth(np.arange(len(place)), place, place)
        predicted = Predictions(np.zeros(len(place), np.intp), sure, np.ones(len(place), np.intp))
        answered = sure >= CONFIDENT
        threshold = np.quantile(sure[correct], 1 - KEPT) if correct.any() else 1.0
        found[query] = Row(
            float(correct.mean()),
            float(correct.mean()) * precision_recall(truth, predicted).recall_at(PRECISION),
            calibration_error(reliability(truth, predicted)),
            float(correct[answered].mean()) if answered.any() else float('nan'),
            float(answered.mean()),
            float(np.mean(away < threshold)),
            float(np.mean(away < CONFIDENT)),
        )
    return found


def leave_one_out(tables: list[CueTable], names: Iterable[str]) -> dict[Key, Row]:
    """Return the figures of each query with the model that was fitted without its family."""
    names = tuple(names)
    found: dict[Key, Row] = {}
    for family in dict.fromkeys(each.family for each in tables):
        model = fit([each for each in tables if each.family != family], names)
        for each in tables:
            if each.family == family:
                found |= _named(each, model)
    return found


def all_rows(tables: list[CueTable], model: Model) -> dict[Key, Row]:
    """Return the figures of each query with one model."""
    found: dict[Key, Row] = {}
    for each in tables:
        found |= _named(each, model)
    return found


def _named(each: CueTable, model: Model) -> dict[Key, Row]:
    return {Key(each.family, each.encoder, name): row for name, row in rows(each, model).items()}


def model_text(models: dict[str, Model]) -> str:
    """Return the content of confidence_model.yaml."""
    tree = {
        filter_: {
            **{
                name: round(float(weight), 4)
                for name, weight in zip(NAMES, model.weights)
                if weight
            },
            'offset': round(model.offset, 4),
        }
        for filter_, model in models.items()
    }
    text = yaml.safe_dump({'filters': tree}, sort_keys=False)
    return (
        '# Made by benchmarks/confidence_model.py: weights of the cues of matching/cues.py, '
        f'log odds.\n{text}'
    )


def main() -> None:
    """Print the tables and, if asked to, write the model into the package."""
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks.confidence_model', description=(__doc__ or '').strip()
    )
    parser.add_argument(
        '--write',
        nargs='+',
        choices=FILTERS,
        default=[],
        metavar='FILTER',
        help='put the models of these filters into confidence_model.yaml',
    )
    given = parser.parse_args()
    cv2.setNumThreads(1)
    listed = sources()
    for source in listed:
        for encoder in source.encoders:
            make_tables(source, encoder)
    models = {}
    for filter_ in FILTERS:
        tables = [
            found
            for source in listed
            for encoder in source.encoders
            if (found := table_of(source, encoder, filter_)) is not None
        ]
        left_out, shipped = leave_one_out(tables, CUES[filter_]), shipped_models()[filter_]
        print(f'\n### {filter_}: each route with the model fitted without its family\n')
        _print(left_out)
        print(f'\n### {filter_}: means of these and of the shipped model, which knows the routes\n')
        means = {'left out': left_out, 'shipped': all_rows(tables, shipped)}
        table(
            ['', *HEAD],
            [
                [f'{name}, {encoder}', *_cells(_mean(_of(found, encoder)))]
                for name, found in means.items()
                for encoder in ENCODERS
            ],
        )
        models[filter_] = fit(tables, CUES[filter_])
    print(f'\n{model_text(models)}')
    if given.write:
        shipped_now = {**shipped_models(), **{name: models[name] for name in given.write}}
        MODEL.write_text(model_text(shipped_now), encoding='utf-8')


def _print(found: dict[Key, Row]) -> None:
    """Print the recorded routes one by one, and means over the rendered ones by day and kind."""
    days: dict[str, list[Row]] = {}
    kinds: dict[str, list[Row]] = {}
    recorded: dict[str, list[Row]] = {}
    for key, row in found.items():
        suffix = '' if key.encoder == ENCODERS[0] else f', {key.encoder}'
        if key.family.startswith('rendered'):
            day = key.query.partition(', ')[2]
            days.setdefault(f'rendered, {day}{suffix}', []).append(row)
            kinds.setdefault(f'{key.family}{suffix}', []).append(row)
        else:
            recorded[f'{key.query}{suffix}'] = [row]
    groups = {**recorded, **kinds, **days}
    table(['', *HEAD], [[name, *_cells(_mean(listed))] for name, listed in groups.items()])


def _mean(found: Iterable[Row]) -> Row:
    return Row(*np.nanmean(list(found), axis=0).tolist())


def _of(found: dict[Key, Row], encoder: str) -> list[Row]:
    return [row for key, row in found.items() if key.encoder == encoder]


def _cells(row: Row) -> list[str]:
    return [f'{value:.3f}' for value in row]


if __name__ == '__main__':
    main()
