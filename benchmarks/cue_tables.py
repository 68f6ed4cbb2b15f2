"""The cues of many maps and drives, which the confidence model is fitted on."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.frames import Image

from .comparison import FILTERS, map_of
from .drives import OFF, WHOLE, cues_of, drives, off_map_drives, scores_of
from .moved.days import DAYS
from .moved.rendered import WORLDS, RenderedRoute
from .routes import (
    BenchmarkRoute,
    gardens_point,
    lens,
    nordland,
    rendered,
    sped,
    street,
    winter_segment,
)

FOLDER = Path(__file__).resolve().parent.parent / 'build' / 'confidence'
SEEDS = (3, 4, 5)
ENCODERS = ('oriented', 'pixels')
_FAR = next(day for day in DAYS if day.name == 'far')


class Source(NamedTuple):
    """
    A map and its queries.

    family: routes that are left out together; queries: all of the same reference; off: images of
    routes off the map; encoders: those that the map is built with.
    """

    name: str
    family: str
    queries: Callable[[], list[BenchmarkRoute]]
    off: Callable[[], list[list[Image]]]
    encoders: tuple[str, ...] = ENCODERS


@dataclass(frozen=True)
class CueTable:
    """
    The cues of one map, encoder and filter.

    cues: float64 (frames, cues); correct: bool (frames,); kinds: str (frames,), the kind of drive
    as in `drives.py`; queries: str (frames,), the name of the query.
    """

    name: str
    encoder: str
    family: str
    cues: NDArray[np.float64]
    correct: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    queries: NDArray[np.str_]


def sources() -> list[Source]:
    """Return all maps: recorded routes, streets of the demo, and rendered routes by seed."""
    found = [
        Source(
            f'Nordland {begin}',
            'Nordland',
            lambda begin=begin: [nordland(500, begin)],  # type: ignore[misc]
            lambda begin=begin: [  # type: ignore[misc]
                winter_segment((begin + 800) % 2400, (begin + 800) % 2400 + 300),
                lens().query,
                gardens_point().query,
            ],
        )
        for begin in (0, 1000, 2000)
    ]
    others = (lambda: winter_segment(1600, 1900), lambda: _far('corridor'), lambda: _far('park'))
    for exchanged in (False, True):
        found.append(
            Source(
                f'Gardens Point{", exchanged" if exchanged else ""}',
                'Gardens Point',
                lambda exchanged=exchanged: [gardens_point(exchanged)],  # type: ignore[misc]
                lambda: [load() for load in others] + [lens().query],
            )
        )
    found += [
        Source('LENS', 'LENS', lambda: [lens()], lambda: [o() for o in others] + _gardens()),
        Source('SPED', 'SPED', lambda: [sped()], lambda: [o() for o in others] + _gardens()),
    ]
    for seed in (0, 3, 5):
        found.append(
            Source(
                f'street {seed}',
                'street',
                lambda seed=seed: [street(seed)],  # type: ignore[misc]
                lambda seed=seed: [street(seed + 7).query, _far('street'), *_gardens()],  # type: ignore[misc]
            )
        )
    for kind in WORLDS:
        for seed in SEEDS:
            found.append(
                Source(
                    f'rendered {kind} {seed}',
                    f'rendered {kind}',
                    lambda kind=kind, seed=seed: [  # type: ignore[misc]
                        rendered(RenderedRoute(kind, seed), day) for day in DAYS
                    ],
                    lambda kind=kind, seed=seed: [  # type: ignore[misc]
                        _far(kind, SEEDS[SEEDS.index(seed) - 1]),
                        _far('park' if kind != 'park' else 'pavement'),
                        winter_segment(1600, 1900),
                        *_gardens(),
                    ],
                    ENCODERS if seed == SEEDS[0] else ENCODERS[:1],
                )
            )
    return found


def table_of(source: Source, encoder: str, filter_: str, folder: Path = FOLDER) -> CueTable | None:
    """Return a table from the folder; None if it was not made, as of a filter for single images."""
    path = _path(source, encoder, filter_, folder)
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as data:
        return CueTable(
            source.name,
            encoder,
            source.family,
            data['cues'],
            data['correct'],
            data['kinds'],
            data['queries'],
        )


def make_tables(source: Source, encoder: str, folder: Path = FOLDER) -> None:
    """Build the map, run all its drives and write a table for each filter, if there is none."""
    if _path(source, encoder, 'none', folder).exists():
        return
    queries = source.queries()
    built = map_of(queries[0], encoder)
    off = [scores_of(built, images) for images in source.off()]
    wholes = [scores_of(built, query.query) for query in queries]
    folder.mkdir(parents=True, exist_ok=True)
    # Last the filter that says whether the work was done.
    for filter_ in reversed(FILTERS if queries[0].ordered else ('none',)):
        rng = np.random.default_rng(zlib.crc32(f'{source.name} {encoder} {filter_}'.encode()))
        parts = []
        for query, recorded in zip(queries, wholes):
            made = [*drives(query, recorded, off, rng, few=len(queries) > 1)]
            if query is queries[0]:
                made += off_map_drives(query.truth.stamps, off)
            for drive in made:
                cues, correct = cues_of(drive, query.steps, query.tolerance, filter_)
                names = np.full(len(correct), '' if drive.kind == OFF else query.name)
                parts.append((cues, correct, np.full(len(correct), drive.kind), names))
        columns = [np.concatenate(column) for column in zip(*parts)]
        np.savez_compressed(
            _path(source, encoder, filter_, folder),
            cues=columns[0],
            correct=columns[1],
            kinds=columns[2],
            queries=columns[3],
        )
        whole = columns[1][columns[2] == WHOLE]
        print(
            f'{source.name}, {encoder}, {filter_}: {len(columns[1])} frames, '
            f'{whole.mean():.3f} correct as recorded',
            flush=True,
        )


def _path(source: Source, encoder: str, filter_: str, folder: Path) -> Path:
    return folder / f'{filter_}_{encoder}_{source.name.replace(" ", "_").replace(",", "")}.npz'


def _far(kind: str, seed: int = SEEDS[0]) -> list[Image]:
    return rendered(RenderedRoute(kind, seed), _FAR).query


def _gardens() -> list[list[Image]]:
    return [gardens_point().query]
