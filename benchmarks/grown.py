"""Recall of maps of Nordland that were merged, extended and trained at once, frame by frame."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vprtempo_ros.arrays import Floats
from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.config import BackendConfig, MatchConfig, TrainerConfig
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.editing import add_stretches, merge
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.revisions import derive, edit, load_content
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.support.progress import silent

from .report import table
from .routes import BenchmarkRoute, nordland

# Maps that are merged, and routes of which each is added to the first.
_MERGED, _ROUTES = 10, 4
# Of the query, every fourth frame is recognised where the whole route is.
_STRIDE = 4
_SECOND = 1_000_000_000


def grown(places: int) -> None:
    """Build the maps on disk, and recognise the query in each."""
    route = nordland(places)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        work = _Work(route, Path(temporary))
        parts = [work.folder(part) for part in work.parts(_MERGED)]
        one = work.train('one', work.folder(range(places)))
        at_once = work.train('at_once', *parts)
        merged = work.train('map0', parts[0])
        for number, part in enumerate(parts[1:], 1):
            other = load_content(work.train(f'map{number}', part))
            first, out = load_content(merged), work.root / f'merged{number}'
            derive(merge(first.content, other.content), first.map, 'merge', out)
            merged = out
        every = range(0, places, _STRIDE)
        for name, path in (
            ('one recording', one),
            (f'{_MERGED} recordings, trained at once', at_once),
            (f'{_MERGED} maps, merged', merged),
        ):
            rows.append([name, f'{work.recall(path, every):.3f}'])
        found, expected = _answers(load(merged)), _answers(load(at_once))
        difference = float(np.abs(found - expected).max() / np.abs(expected).max())
        rows.append(
            ['largest difference of responses of the last two, relative', f'{difference:g}']
        )
        sessions = work.parts(_ROUTES)
        map_ = work.train('session', work.folder(sessions[0]))
        rows.append(['session 1 alone', f'{work.recall(map_, sessions[0]):.3f}'])
        for number, session in enumerate(sessions[1:], 1):
            bag = str(work.folder(session))
            edit(map_, 'add', lambda content, bag=bag: add_stretches(content, [bag], silent))  # type: ignore[misc]
            recall = work.recall(map_, sessions[0])
            rows.append([f'session 1, after {number} more route(s)', f'{recall:.3f}'])
    table(['Nordland, winter, single frames', 'recall@1'], rows)


@dataclass(frozen=True)
class _Work:
    """A route, and a folder for its images and maps."""

    route: BenchmarkRoute
    root: Path

    def parts(self, count: int) -> list[range]:
        """Return the places as parts of equal length."""
        bounds = np.linspace(0, len(self.route.reference), count + 1).astype(int).tolist()
        return [range(first, end) for first, end in zip(bounds, bounds[1:])]

    def folder(self, places: range) -> Path:
        """Return a folder with the images of these places."""
        folder = self.root / f'images_{places.start}_{places.stop}'
        if not folder.exists():
            folder.mkdir()
            for place in places:
                cv2.imwrite(f'{folder}/{place:06d}.png', self.route.reference[place].grey())
        return folder

    def train(self, name: str, *bags: Path) -> Path:
        """Train a map, in which each folder is a stretch."""
        values = {'bags': [str(bag) for bag in bags], 'places.bags': 'all', 'places.tolerance': 1}
        return save(build_map(from_flat(TrainerConfig, values)), self.root / name)

    def recall(self, path: Path, places: range) -> float:
        """Return the part of the frames of these places that are recognised by themselves."""
        match = from_flat(MatchConfig, {'sequence.filter': 'none', 'min_confidence': 0.0})
        recogniser = Recogniser(load(path), BackendConfig(), match)
        hits = [
            recogniser.recognise(self.route.query[place], FrameTiming((place + 1) * _SECOND)).place
            == place
            for place in places
        ]
        recogniser.close()
        return float(np.mean(hits))


def _answers(loaded: Map) -> Floats:
    """Return the responses to some of the map's own frames, float32 (frames, places)."""
    backend = reference_backend(loaded.network)
    found = np.stack([backend.similarity(row) for row in loaded.shown()[::20]])
    backend.close()
    return found
