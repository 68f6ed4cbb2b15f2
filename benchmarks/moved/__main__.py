"""Render routes ahead of a benchmark: `python -m benchmarks.moved --kind corridor --seed 3`."""

from __future__ import annotations

import argparse
import time

from .days import DAYS, SHIFTS, YAWS, shifted, turned
from .rendered import WORLDS, RenderedRoute
from .route import REFERENCE


def main() -> None:
    """Render the routes that are not there yet; several processes may share the work."""
    parser = argparse.ArgumentParser(prog='python -m benchmarks.moved', description=__doc__)
    parser.add_argument('--kind', choices=sorted(WORLDS), nargs='+', default=sorted(WORLDS))
    parser.add_argument('--seed', type=int, nargs='+', default=[3])
    parser.add_argument('--curves', action='store_true', help='also shift and yaw alone, in steps')
    given = parser.parse_args()
    days = [REFERENCE, *DAYS]
    if given.curves:
        days += [*map(shifted, SHIFTS), *map(turned, YAWS[1:])]
    for seed in given.seed:
        for kind in given.kind:
            route = RenderedRoute(kind, seed)
            for day in days:
                if not route.path(day).exists():
                    begin = time.perf_counter()
                    frames = len(route.query(day).place)
                    took = time.perf_counter() - begin
                    print(f'{kind} {seed} {day.name}: {frames} frames, {took:.1f} s', flush=True)


if __name__ == '__main__':
    main()
