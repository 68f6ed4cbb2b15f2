"""Run all benchmarks, or those that are named."""

from __future__ import annotations

import argparse
import inspect
import pkgutil
import sys
from importlib import import_module

from vprtempo_ros.errors import VprError

from . import __path__ as folder
from .report import machine


def main() -> int:
    """Run the command."""
    known = sorted(
        module.name
        for module in pkgutil.iter_modules(folder)
        if hasattr(import_module(f'benchmarks.{module.name}'), 'bench')
    )
    parser = argparse.ArgumentParser(prog='python -m benchmarks')
    parser.add_argument(
        'names', nargs='*', help=f'benchmarks to run: {", ".join(known)} (default: all)'
    )
    parser.add_argument(
        '--seed', type=int, nargs='+', help='seeds of the routes, for benchmarks that render some'
    )
    given = parser.parse_args()
    names = given.names or known
    unknown = sorted(set(names) - set(known))
    if unknown:
        parser.error(f'no benchmark {unknown[0]}; known are {", ".join(known)}')
    print(machine(), flush=True)
    status = 0
    for name in names:
        module = import_module(f'benchmarks.{name}')
        print(f'\n## {name}: {(module.__doc__ or "").strip().splitlines()[0]}\n', flush=True)
        seeded = given.seed and 'seeds' in inspect.signature(module.bench).parameters
        try:
            module.bench(**({'seeds': given.seed} if seeded else {}))
        except VprError as error:
            print(f'error: {error}', file=sys.stderr)
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
