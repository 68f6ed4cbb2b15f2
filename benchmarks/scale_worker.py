"""
One measurement of benchmark `scale`, in a process of its own, with this build or an earlier one.

Run as a script with the root of the build as the first argument: only what both builds have is
imported, and nothing of this folder.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, Callable

# Frames that are timed, after some that are not.
_FRAMES, _WARM = 200, 20


def train(folders: str, target: str, settings: str) -> dict[str, float]:
    """Train a map of folders of images and save it."""
    from vprtempo_ros.config import TrainerConfig
    from vprtempo_ros.maps.building import build_map
    from vprtempo_ros.maps.store import save
    from vprtempo_ros.options import from_flat

    values = {'bags': folders.split(','), 'places.tolerance': 1, **json.loads(settings)}
    began, stages = time.perf_counter(), _Stages()
    built = build_map(from_flat(TrainerConfig, values), stages)
    stages.next('saving')
    save(built, target)
    stages.next('')
    return {
        'wall': time.perf_counter() - began,
        'cpu': _cpu(),
        'peak': _peak(),
        'places': len(built.places),
        **stages.seconds,
    }


def recognise(path: str, queries: str) -> dict[str, float]:
    """Load a map, start it, and time frames from pixels to confidence."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from vprtempo_ros.config import BackendConfig, MatchConfig
    from vprtempo_ros.frames import grey_image
    from vprtempo_ros.maps.store import load
    from vprtempo_ros.recogniser import Recogniser

    images = [grey_image(each) for each in np.load(queries, allow_pickle=False)]
    began, cpu = time.perf_counter(), time.process_time()
    loaded = load(path)
    found = {'load': time.perf_counter() - began, 'load cpu': time.process_time() - cpu}
    began, cpu = time.perf_counter(), time.process_time()
    recogniser = Recogniser(loaded, BackendConfig(), MatchConfig())
    recogniser.recognise(images[0], _timing(1))
    found |= {'start': time.perf_counter() - began, 'start cpu': time.process_time() - cpu}
    walls, cpus = [], []
    with threadpool_limits(1):
        for number in range(_WARM + _FRAMES):
            image = images[number % len(images)]
            began, cpu = time.perf_counter(), time.process_time()
            recogniser.recognise(image, _timing(number + 2))
            walls.append(time.perf_counter() - began)
            cpus.append(time.process_time() - cpu)
    found['frame'] = float(np.median(walls[_WARM:]))
    found['frame cpu'] = float(np.mean(cpus[_WARM:]))
    found['peak'] = _peak()
    recogniser.close()
    return found


def edit(path: str, bag: str, forgotten: str) -> dict[str, float]:
    """Add the places of a recording to a map, and forget some: each a revision on disk."""
    from vprtempo_ros.maps.editing import add_stretches, forget
    from vprtempo_ros.maps.revisions import edit as revise
    from vprtempo_ros.support.progress import silent

    found = {}
    places = [int(place) for place in forgotten.split(',')]
    for name, change in (
        ('add', lambda content: add_stretches(content, [bag], silent)),
        ('forget', lambda content: forget(content, places)),
    ):
        began, cpu = time.perf_counter(), time.process_time()
        revise(path, name, change)
        found[name] = time.perf_counter() - began
        found[f'{name} cpu'] = time.process_time() - cpu
    return {**found, 'peak': _peak()}


def recall(path: str, queries: str, first: str, stride: str) -> dict[str, float]:
    """Recognise frames by themselves: the first is place `first`, each next one `stride` on."""
    import numpy as np

    from vprtempo_ros.config import BackendConfig, MatchConfig
    from vprtempo_ros.frames import grey_image
    from vprtempo_ros.maps.store import load
    from vprtempo_ros.options import from_flat
    from vprtempo_ros.recogniser import Recogniser

    match = from_flat(MatchConfig, {'sequence.filter': 'none', 'min_confidence': 0.0})
    recogniser = Recogniser(load(path), BackendConfig(), match)
    right = []
    for number, image in enumerate(np.load(queries, allow_pickle=False)):
        found = recogniser.recognise(grey_image(image), _timing(number + 1))
        # In this build, and in the earlier one.
        best = found.place if hasattr(found, 'place') else int(found.scores.argmax())
        right.append(best == int(first) + number * int(stride))
    recogniser.close()
    return {'recall': float(np.mean(right))}


class _Stages:
    """Progress of a training, as seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = 'starting', time.perf_counter()

    def __call__(self, stage: str, done: int, total: int) -> None:
        word = 'network' if 'module' in stage or 'network' in stage else stage.split()[0]
        if word != self._stage:
            self.next(word)

    def next(self, stage: str) -> None:
        now = time.perf_counter()
        name = f'stage {self._stage}'
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._stage, self._since = stage, now


def _timing(number: int) -> Any:
    import vprtempo_ros.matching.stages as stages

    # Its name in the earlier build, and in this one.
    name = 'Moment' if hasattr(stages, 'Moment') else 'FrameTiming'
    return getattr(stages, name)(number * 1_000_000_000)


def _cpu() -> float:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def _peak() -> float:
    """Return the most memory that this process had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def main() -> None:
    """Run one measurement and print its figures as JSON."""
    root, name, *arguments = sys.argv[1:]
    # Not this folder, whose modules have names of the build's.
    sys.path[0] = str(Path(root).resolve())
    known: dict[str, Callable[..., dict[str, float]]] = {
        'train': train,
        'recognise': recognise,
        'edit': edit,
        'recall': recall,
    }
    print(json.dumps(known[name](*arguments)))


if __name__ == '__main__':
    main()
