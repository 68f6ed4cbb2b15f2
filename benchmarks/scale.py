"""
Large maps: training, loading, a frame and edits, next to an earlier build; searches of many places.

`VPRTEMPO_BENCH_BASE` is the folder of an earlier build, to compare with in the same run.
`VPRTEMPO_BENCH_PLACES` are the places of the map that is trained (27592), `VPRTEMPO_BENCH_SEARCHED`
those that are searched (100000,1000000), and `VPRTEMPO_BENCH_PARTS` names what is run (training,
grown, distractors, search).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np

from vprtempo_ros.arrays import Floats, Indices, Spikes
from vprtempo_ros.backends.two_stage import TwoStageSearch
from vprtempo_ros.config import MatchConfig, TrainerConfig
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.errors import VprError
from vprtempo_ros.matching.confidence import shipped_calibration
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.stages import FrameTiming, Route
from vprtempo_ros.network.byte_network import ByteNetwork, Outliner, joined
from vprtempo_ros.network.linear import Frames, fit_linear
from vprtempo_ros.network.spike_sums import SpikeSums, sums_of
from vprtempo_ros.options import from_flat
from vprtempo_ros.support.blas import BlasThreads

from . import long_route
from .distractors import distractors
from .grown import grown
from .report import table
from .routes import nordland
from .scale_plot import Point, draw
from .trial import encode

PLACES = int(os.environ.get('VPRTEMPO_BENCH_PLACES', '27592'))
SEARCHED = [int(n) for n in os.environ.get('VPRTEMPO_BENCH_SEARCHED', '100000,1000000').split(',')]
BASE = os.environ.get('VPRTEMPO_BENCH_BASE', '')
PARTS = os.environ.get('VPRTEMPO_BENCH_PARTS', 'training,grown,distractors,search').split(',')
ROOT = Path(__file__).resolve().parent.parent
# Places that are forgotten, and queries of each measurement.
_FORGOTTEN, _QUERIES = 100, 100
# Places of Nordland without dark and tunnels.
_NORDLAND = 2761
# Rows of weights that are made at a time.
_BLOCK = 10_000


def bench() -> None:
    """Run the parts."""
    parts: dict[str, Callable[[], None]] = {
        'training': training,
        'grown': lambda: grown(min(PLACES, _NORDLAND)),
        'distractors': lambda: distractors(_measured, _builds(), PLACES),
        'search': search,
    }
    unknown = sorted(set(PARTS) - set(parts))
    if unknown:
        raise VprError(f'VPRTEMPO_BENCH_PARTS: no part {unknown[0]}; known are {", ".join(parts)}')
    for part in PARTS:
        print(f'\n### {part}\n', flush=True)
        parts[part]()


def training() -> None:
    """Train a map with each build and with two workers, load it, recognise, edit it."""
    builds = _builds()
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (whole,) = long_route.write_folder(folder / 'whole', PLACES)
        halves = long_route.write_folder(folder / 'halves', PLACES, parts=2)
        (more,) = long_route.write_folder(folder / 'more', 2, seed=1)
        queries = folder / 'queries.npy'
        np.save(queries, np.stack(list(islice(long_route.images(PLACES, day=1), _QUERIES))))
        for name, root in builds.items():
            target = folder / name.split()[0]
            rows += _figures(name, 'training', _measured(root, 'train', whole, target, '{}'))
            rows += _figures(name, 'recognising', _measured(root, 'recognise', target, queries))
        for workers in (1, 2):
            settings = json.dumps(
                {
                    'places.bags': 'all',
                    'training.executor': 'processes',
                    'training.workers': workers,
                    'training.keep_samples': False,
                }
            )
            found = _measured(
                ROOT, 'train', ','.join(map(str, halves)), folder / f'by{workers}', settings
            )
            rows += _figures(f'this build, {workers} workers', 'training', found)
        forgotten = ','.join(map(str, range(7, 7 + min(_FORGOTTEN, PLACES // 2))))
        found = _measured(ROOT, 'edit', folder / 'this', more, forgotten)
        rows += _figures('this build', 'editing', found)
    table([f'{PLACES:,} places', '', 'figure', 'found'], rows)


def _builds() -> dict[str, Path]:
    """Return the folders of this build, and of the one that is compared with."""
    return {'this build': ROOT, **({'earlier build': Path(BASE)} if BASE else {})}


def search() -> None:
    """Search synthetic places, which are sums of the weights of Nordland's, on one core."""
    weights, sums, shown, queries, truth = _nordland()
    outliner = Outliner(weights, sums, shown)
    rows, points = [], []
    threads = BlasThreads(1)
    for places in sorted({1000, 10_000, 27_592, *SEARCHED}):
        made = _many(outliner, weights, shown, queries, places)
        searching, typical = TwoStageSearch(made.network), made.network.outline.typical
        matcher = Matcher(Route(places, 1.0), typical, shipped_calibration(1), MatchConfig())
        alone, whole, hits = [], [], 0
        for number, (spikes, place) in enumerate(zip(queries, truth.tolist())):
            began = time.process_time()
            similarity = searching(spikes)
            alone.append(time.process_time() - began)
            matcher(similarity, FrameTiming((number + 1) * 1_000_000_000))
            whole.append(time.process_time() - began)
            scaled = (similarity - typical.mean) / typical.std
            hits += int(scaled.argmax() == place)
        held = made.network.rows.nbytes + searching.nbytes
        points.append(Point(places, held, float(np.median(alone)), float(np.median(whole))))
        rows.append(
            [
                f'{places:,}',
                f'{np.median(alone) * 1e3:.2f}',
                f'{np.median(whole) * 1e3:.2f}',
                f'{(made.best == truth)[truth < places].mean():.3f}',
                f'{hits / max(int((truth < places).sum()), 1):.3f}',
                f'{held / 2**20:.0f}',
            ]
        )
        print(' | '.join(rows[-1]), flush=True)
        del made, searching, matcher
    threads.restore()
    names = ['places', 'search, ms', 'with matching, ms', 'recall, exact', 'two stages', 'MiB']
    table(names, rows)
    file = ROOT / 'docs' / 'images' / 'scale.svg'
    file.write_text(draw(points), encoding='utf-8')
    print(f'\nCPU time, median of {len(queries)} queries; plot: {file}')


class _Made(NamedTuple):
    """Synthetic places, and the place with the highest exact score of each query, int64."""

    network: ByteNetwork
    best: Indices


def _nordland() -> tuple[Floats, SpikeSums, Spikes, Spikes, Indices]:
    """Return weights, sums, some of the frames as shown, queries, and the places of these."""
    route = nordland(2761)
    config = from_flat(TrainerConfig, {'training.augment': False})
    encoded = encode(route, config)
    count = len(encoded.shown)
    sums = sums_of(encoded.samples, encoded.places, count)
    profile = encoder_for(config).profile._replace(decays=(3.0,))
    nothing = Frames(encoded.shown[:0], np.zeros(0, np.int64))
    fit = fit_linear(sums, encoded.shown, nothing, 1, profile)
    chosen = np.linspace(0, count - 1, _QUERIES).astype(int)
    return fit.network.weights, sums, encoded.shown[::20], encoded.queries[chosen], chosen


def _many(
    outliner: Outliner, weights: Floats, shown: Spikes, queries: Spikes, places: int
) -> _Made:
    """Return a network of the places of Nordland, and of sums of two places' weights."""
    rng = np.random.default_rng(0)
    own = len(weights)
    parts = []
    best: Indices = np.zeros(len(queries), np.int64)
    highest = np.full(len(queries), -np.inf)
    amplitudes = queries.astype(np.float32) / np.float32(255)
    for begin in range(0, places, _BLOCK):
        count = min(_BLOCK, places - begin)
        one, other = rng.integers(0, own, (2, count))
        block = weights[one] + np.float32(0.9) * weights[other]
        if begin == 0:
            block[:own] = weights[:count]
        parts.append(outliner.network(block, np.ones((len(shown), count), bool)))
        typical = parts[-1].outline.typical
        scores = (amplitudes @ block.T - typical.mean) / typical.std
        top = scores.max(axis=1)
        best = np.where(top > highest, begin + scores.argmax(axis=1), best)
        highest = np.maximum(top, highest)
    return _Made(joined(parts), best)


def _measured(root: Path, *arguments: object) -> dict[str, float]:
    """Return what the worker prints for a build."""
    worker = Path(__file__).with_name('scale_worker.py')
    done = subprocess.run(
        [sys.executable, str(worker), str(root), *map(str, arguments)],
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if done.returncode:
        raise VprError(f'{root}: {arguments[0]} ended with status {done.returncode}')
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _figures(build: str, what: str, found: dict[str, float]) -> list[list[str]]:
    """Return a row for each figure, and print them at once: a run takes minutes."""
    rows = []
    for name, value in found.items():
        if name == 'peak':
            shown = f'{value / 1e9:.2f} GB'
        elif name == 'places':
            continue
        else:
            shown = f'{value:.4g} s'
        rows.append([build, what, name, shown])
        print(' | '.join(rows[-1]), flush=True)
    return rows
