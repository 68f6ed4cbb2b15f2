"""
Measured energy of this computer's processors: RAPL, as Linux shows it in /sys/class/powercap.

The counters are those of whole packages: idle power and other processes are included. Since 2020
only root may read them, unless the administrator allows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..errors import BackendError

ROOT = Path('/sys/class/powercap')
# Seconds of work, and of rest before it.
_SECONDS = 2.0


class Zone(NamedTuple):
    """Counter of one package in microjoules, and the number that it wraps at."""

    counter: Path
    wraps: int


class Measured(NamedTuple):
    """Microjoules per call: of the packages, and above what they use at rest; calls made."""

    total: float
    above_idle: float
    calls: int


def zones(root: Path = ROOT) -> list[Zone]:
    """
    Return the packages of this computer.

    :raises BackendError: if there is no counter that can be read.
    """
    found, denied = [], 0
    for folder in sorted(root.glob('*-rapl:*')) if root.is_dir() else []:
        try:
            if (folder / 'name').read_text().startswith('package'):
                wraps = int((folder / 'max_energy_range_uj').read_text())
                int((folder / 'energy_uj').read_text())
                found.append(Zone(folder / 'energy_uj', wraps))
        except PermissionError:
            denied += 1
        except (OSError, ValueError):
            continue
    if not found:
        raise BackendError(
            f'{root}: energy_uj may only be read by root: sudo chmod a+r {root}/*-rapl:*/energy_uj'
            if denied
            else f'this computer has no RAPL counters in {root}'
        )
    return found


def measure(
    work: Callable[[], object], counters: list[Zone], seconds: float = _SECONDS
) -> Measured:
    """Rest, and then call `work` for some seconds; return the energy of a call."""
    begin, at_rest = time.monotonic(), _read(counters)
    time.sleep(seconds)
    idle = _since(counters, at_rest) / (time.monotonic() - begin)
    begin, before, calls = time.monotonic(), _read(counters), 0
    while time.monotonic() - begin < seconds:
        work()
        calls += 1
    used, passed = _since(counters, before), time.monotonic() - begin
    return Measured(used / calls, (used - idle * passed) / calls, calls)


def _read(counters: list[Zone]) -> list[int]:
    return [int(zone.counter.read_text()) for zone in counters]


def _since(counters: list[Zone], before: list[int]) -> float:
    """Return microjoules since a reading; counters wrap at most once in some seconds."""
    now = _read(counters)
    return float(sum((b - a) % (zone.wraps + 1) for zone, a, b in zip(counters, before, now)))
