"""
Exports of maps run by other tools: `make nir-peers` writes the table in docs/nir.md.

Each tool runs each export on the query of a route, in an environment of its own (env/nir_peers.py);
its responses are compared with those of the backend that the export is of. With --exports only
those rows of the table are run and replaced; with --tools it is printed instead.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
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
    route: str
    settings: dict[str, Value]
    backend: str = 'numpy'
    rate: bool = False
    integers: bool = False


class Answers(NamedTuple):
    """Scores of a tool, float32 (frames, places), or its error."""

    scores: Scores | None
    error: str = ''


TWO: dict[str, Value] = {**MODULES, 'training.places_per_module': 250}
THREE: dict[str, Value] = {**MODULES, 'training.places_per_module': 1000}
BOOTSTRAP: dict[str, Value] = {**PIXELS, 'training.method': 'bootstrap'}
ROUTES: dict[str, Callable[[], BenchmarkRoute]] = {
    'Nordland 500': lambda: nordland(500),
    'Nordland 2761': lambda: nordland(2761),
    'LENS': lens,
    'street': street,
}
EXPORTS = (
    Export('Nordland 500, linear', 'Nordland 500', {}),
    Export('Nordland 2761, linear', 'Nordland 2761', {}),
    Export('Nordland 2761, 3 modules', 'Nordland 2761', THREE),
    Export('LENS, linear', 'LENS', {}),
    Export('street, linear', 'street', {}),
    Export('Nordland 500, 2 modules', 'Nordland 500', TWO),
    Export('Nordland 500, 2 modules, int8 weights', 'Nordland 500', TWO, 'integer', integers=True),
    Export('Nordland 500, linear, rate-coded', 'Nordland 500', {}, 'sinabs', rate=True),
    Export('Nordland 500, 2 modules, rate-coded (IF)', 'Nordland 500', TWO, 'sinabs', rate=True),
    Export('Nordland 500, bootstrap (LIF)', 'Nordland 500', BOOTSTRAP, 'cuba'),
)
# What takes a minute.
SMALL = ('Nordland 500, linear', 'Nordland 500, 2 modules')


def selected(texts: Iterable[str]) -> list[Export]:
    """Return the exports of these names, or whose names contain a text that is no name."""
    names = {export.name for export in EXPORTS}
    return [
        export
        for export in EXPORTS
        if any(text == export.name or (text not in names and text in export.name) for text in texts)
    ]


def compare(pythons: dict[str, Path], chosen: Iterable[Export]) -> Iterator[list[str]]:
    """Yield the rows of the table: an export, and what each tool makes of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maps: dict[str, Map] = {}
        routes: dict[str, BenchmarkRoute] = {}
        for export in chosen:
            if export.route not in routes:
                routes[export.route] = ROUTES[export.route]()
            route = routes[export.route]
            key = f'{export.route} {sorted(export.settings.items())}'
            if key not in maps:
                maps[key] = _map_of(route, export.settings, folder / f'map{len(maps)}')
            row = _row(export, route, maps[key], pythons, folder)
            print(' | '.join(row), flush=True)
            yield row


def _map_of(route: BenchmarkRoute, given: dict[str, Value], folder: Path) -> Map:
    images = folder.with_name(f'{folder.name}_images')
    images.mkdir()
    for number, image in enumerate(route.reference):
        cv2.imwrite(str(images / f'{number:06d}.png'), image.plane())
    settings: dict[str, Value] = {
        'places.by': 'frames',
        'places.tolerance': route.tolerance,
        **given,
    }
    return build_map([str(images)], folder, settings)


def _row(
    export: Export, route: BenchmarkRoute, loaded: Map, pythons: dict[str, Path], folder: Path
) -> list[str]:
    chain = chain_of(loaded.network, RATE_CODE if export.rate else None, export.integers)
    file = folder / 'export.nir'
    write_nir(chain, file)
    queries = queries_of(route.query, loaded.config, loaded.pixel_statistics)
    every = 1 if chain.steps == 1 else max(1, len(queries) // FRAMES)
    queries, route = queries[::every], _thinned(route, every)
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
        return f'error: {answers.error[:110]}'.replace('|', '/')
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


def _table(rows: list[list[str]]) -> str:
    """Return rows, the first of which is the head, as text."""
    head, *body = ['| ' + ' | '.join(row) + ' |' for row in rows]
    return '\n'.join([head, '|' + '---|' * len(rows[0]), *body]) + '\n'


def merged(table: str, head: list[str], rows: list[list[str]]) -> list[list[str]]:
    """
    Return the rows of a table with some of them replaced, the head first.

    :raises VprError: if the table has other columns, or not these rows.
    """
    lines = [line.strip('| ').split(' | ') for line in table.splitlines()]
    found = {line[0]: line for line in lines[2:]}
    new = {row[0]: row for row in rows}
    if not lines or lines[0] != head or not new.keys() <= found.keys():
        raise VprError(f'{PAGE.name} has the table of other tools or exports: run all of them')
    return [head, *(new.get(name, line) for name, line in found.items())]


def _version(tool: str, python: Path) -> str:
    code = f'import importlib.metadata as m; print(m.version({tool!r}))'
    return subprocess.run([python, '-c', code], capture_output=True, text=True).stdout.strip()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='python -m benchmarks.nir_peers', description=__doc__)
    parser.add_argument('envs', type=Path, help='folder of the environments of env/nir_peers.py')
    parser.add_argument('--small', action='store_true', help='two exports only; print the table')
    parser.add_argument(
        '--exports',
        nargs='+',
        metavar='TEXT',
        help='only exports whose name is one of these or contains it; their rows on the page are '
        'replaced',
    )
    parser.add_argument('--tools', nargs='+', help='only these tools; print the table')
    given = parser.parse_args()
    homes = sorted(given.envs.resolve().iterdir()) if given.envs.is_dir() else []
    pythons = {
        home.name: home / 'bin' / 'python'
        for home in homes
        if (home / 'installed.txt').is_file() and home.name in (given.tools or [home.name])
    }
    chosen = selected(given.exports or (SMALL if given.small else ['']))
    missing = sorted(set(given.tools or ()) - set(pythons))
    if missing or not pythons or not chosen:
        wrong = f'{", ".join(missing) or "no tool"} in {given.envs}' if chosen else 'no such export'
        wanted = f'expected tools of env/nir_peers.py and exports of {PAGE.name}'
        print(f'error: {wrong}: {wanted}', file=sys.stderr)
        return 1
    head = [
        'export',
        'recall@1 of ours',
        *(f'{tool} {_version(tool, python)}' for tool, python in pythons.items()),
    ]
    rows: list[list[str]] = []
    printed = given.small or given.tools
    try:
        for row in compare(pythons, chosen):
            rows.append(row)
            # Row by row, so that a run that is ended keeps what it has.
            if given.exports and not printed:
                _write(lambda old: merged(old, head, rows))
    except VprError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    if printed:
        print(_table([head, *rows]))
    elif not given.exports:
        _write(lambda old: [head, *rows])
    return 0


def _write(changed: Callable[[str], list[list[str]]]) -> None:
    """Write the page with a table that is made of the one it has."""
    before, mark, rest = PAGE.read_text(encoding='utf-8').partition(BEGIN)
    old, _, after = rest.partition(END)
    PAGE.write_text(before + mark + _table(changed(old)) + END + after, encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
