"""
Exports of maps run by other tools: `make nir-peers` writes the table in docs/nir.md.

Each tool runs each export on the query of a route, in an environment of its own (env/nir_peers.py);
its responses are compared with those of the backend that the export is of.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vprtempo_ros.api import build_map
from vprtempo_ros.arrays import Floats, Scores, Spikes
from vprtempo_ros.backends import create
from vprtempo_ros.backends.spike_trains import RateCode
from vprtempo_ros.config import BackendConfig, SinabsConfig
from vprtempo_ros.errors import VprError
from vprtempo_ros.maps.map import Map
from vprtempo_ros.network.spiking.network import channels, spike_trains
from vprtempo_ros.options import Value
from vprtempo_ros.tools.nir_chain import CHANNELS, RATE, Chain, chain_of
from vprtempo_ros.tools.to_nir import write_nir

from .routes import BenchmarkRoute, lens, nordland, street
from .trial import queries_of, recall

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / 'docs' / 'nir.md'
BEGIN, END = '<!-- table, by make nir-peers -->\n', '<!-- end -->'
RATE_CODE = SinabsConfig(steps=100)
# Largest difference that rounding explains, in units of the largest response.
ROUNDING = 1e-5
# Frames with time steps; linear exports run on all frames of the query.
FRAMES = 100

PIXELS: dict[str, Value] = {'encoding.encoder': 'pixels'}
MODULES: dict[str, Value] = {**PIXELS, 'training.quantize': 'qat'}


class Export(NamedTuple):
    """What is exported: a route, settings of its map, the form, and the backend it is of."""

    name: str
    route: BenchmarkRoute
    settings: dict[str, Value]
    backend: str = 'numpy'
    rate: bool = False
    integers: bool = False


class Answers(NamedTuple):
    """Scores of a tool, float32 (frames, places), or its error."""

    scores: Scores | None
    error: str = ''


def exports(small: bool) -> Iterator[Export]:
    """Yield what the table has; small: what takes a minute."""
    short = nordland(500)
    two: dict[str, Value] = {**MODULES, 'training.places_per_module': 250}
    yield Export('Nordland 500, linear', short, {})
    if not small:
        long = nordland(2761)
        yield Export('Nordland 2761, linear', long, {})
        three: dict[str, Value] = {**MODULES, 'training.places_per_module': 1000}
        yield Export('Nordland 2761, 3 modules', long, three)
        yield Export('LENS, linear', lens(), {})
        yield Export('street, linear', street(), {})
    yield Export('Nordland 500, 2 modules', short, two)
    if small:
        return
    yield Export('Nordland 500, 2 modules, int8 weights', short, two, 'integer', integers=True)
    yield Export('Nordland 500, linear, rate-coded', short, {}, 'sinabs', rate=True)
    yield Export('Nordland 500, 2 modules, rate-coded (IF)', short, two, 'sinabs', rate=True)
    bootstrap: dict[str, Value] = {**PIXELS, 'training.method': 'bootstrap'}
    yield Export('Nordland 500, bootstrap (LIF)', short, bootstrap, 'cuba')


def compare(pythons: dict[str, Path], small: bool) -> list[list[str]]:
    """Return the rows of the table: an export, and what each tool makes of it."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maps: dict[str, Map] = {}
        for export in exports(small):
            key = f'{export.route.name} {sorted(export.settings.items())}'
            if key not in maps:
                maps[key] = _map_of(export, folder / f'map{len(maps)}', folder)
            rows.append(_row(export, maps[key], pythons, folder))
            print(' | '.join(rows[-1]), flush=True)
    return rows


def _map_of(export: Export, folder: Path, work: Path) -> Map:
    images = work / f'{folder.name}_images'
    images.mkdir()
    for number, image in enumerate(export.route.reference):
        cv2.imwrite(str(images / f'{number:06d}.png'), image.plane())
    settings: dict[str, Value] = {
        'places.by': 'frames',
        'places.tolerance': export.route.tolerance,
        **export.settings,
    }
    return build_map([str(images)], folder, settings)


def _row(export: Export, loaded: Map, pythons: dict[str, Path], folder: Path) -> list[str]:
    chain = chain_of(loaded.network, RATE_CODE if export.rate else None, export.integers)
    file = folder / 'export.nir'
    write_nir(chain, file)
    queries = queries_of(export.route.query, loaded.config, loaded.pixel_statistics)
    every = 1 if chain.steps == 1 else max(1, len(queries) // FRAMES)
    queries, route = queries[::every], _thinned(export.route, every)
    backend = create(loaded.network, BackendConfig(name=export.backend, sinabs=RATE_CODE))
    expected = np.stack([backend.similarity(frame) for frame in queries])
    backend.close()
    np.save(folder / 'inputs.npy', _inputs(chain, queries))
    row = [export.name, f'{recall(route, expected):.3f}']
    for tool, python in pythons.items():
        answers = _run(tool, python, folder)
        row.append(_cell(answers, expected, route))
    return row


def _inputs(chain: Chain, queries: Spikes) -> Floats:
    """Return float32 (frames, steps, inputs)."""
    if chain.input == RATE:
        code = RateCode(chain.inputs, chain.steps, RATE_CODE.seed)
        return np.stack([code(frame) for frame in queries])
    if chain.input == CHANNELS:
        return spike_trains(channels(queries), chain.steps).astype(np.float32)
    return (queries.astype(np.float32) / np.float32(255))[:, np.newaxis]


def _run(tool: str, python: Path, folder: Path) -> Answers:
    outputs = folder / 'outputs.npy'
    outputs.unlink(missing_ok=True)
    script = Path(__file__).with_name('nir_importers.py')
    command: list[str | Path] = [
        python,
        script,
        tool,
        folder / 'export.nir',
        folder / 'inputs.npy',
        outputs,
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors='replace')
    if done.returncode or not outputs.is_file():
        lines = done.stderr.strip().splitlines() or [f'exit status {done.returncode}']
        return Answers(None, lines[-1])
    return Answers(np.load(outputs))


def _cell(answers: Answers, expected: Scores, route: BenchmarkRoute) -> str:
    if answers.scores is None:
        return f'error: {answers.error[:110]}'
    if answers.scores.shape != expected.shape:
        return f'{answers.scores.shape[-1]} outputs instead of {expected.shape[-1]}'
    if not np.isfinite(answers.scores).all():
        return 'not finite'
    apart = float(np.abs(answers.scores - expected).max() / np.abs(expected).max())
    if apart <= ROUNDING:
        return f'equal ({apart:.0e})'
    return f'recall {recall(route, answers.scores):.3f}, differ by {apart:.0e}'


def _thinned(route: BenchmarkRoute, every: int) -> BenchmarkRoute:
    truth = type(route.truth)(
        *(part[::every] for part in (route.truth.stamps, route.truth.first, route.truth.last))
    )
    return BenchmarkRoute(route.name, route.reference, route.query[::every], truth, route.steps)


def _table(rows: list[list[str]], tools: dict[str, str]) -> str:
    heads = [
        'export',
        'recall@1 of ours',
        *(f'{name} {version}' for name, version in tools.items()),
    ]
    lines = ['| ' + ' | '.join(heads) + ' |', '|' + '---|' * len(heads)]
    return '\n'.join([*lines, *('| ' + ' | '.join(row) + ' |' for row in rows)]) + '\n'


def _version(tool: str, python: Path) -> str:
    code = f'import importlib.metadata as m; print(m.version({tool!r}))'
    return subprocess.run([python, '-c', code], capture_output=True, text=True).stdout.strip()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='python -m benchmarks.nir_peers', description=__doc__)
    parser.add_argument('envs', type=Path, help='folder of the environments of env/nir_peers.py')
    parser.add_argument('--small', action='store_true', help='two exports only; print the table')
    given = parser.parse_args()
    pythons = {
        home.name: home / 'bin' / 'python'
        for home in sorted(given.envs.resolve().iterdir())
        if (home / 'installed.txt').is_file()
    }
    try:
        rows = compare(pythons, given.small)
    except VprError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    table = _table(rows, {tool: _version(tool, python) for tool, python in pythons.items()})
    if given.small:
        print(table)
        return 0
    head, mark, tail = PAGE.read_text(encoding='utf-8').partition(BEGIN)
    PAGE.write_text(head + mark + table + END + tail.partition(END)[2], encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
