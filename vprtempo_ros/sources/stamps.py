"""
Whether the stamps of a topic say when its messages were sent, and how they go on where they do not.

Stamps are when something was seen. But they may be missing (0), stand still (a driver sets them
once, or whole seconds only), be of another unit, or begin again (a simulation is reset, a counter
wraps).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

# Stamps that step back by more than this, in ns, begin again, unless they return at once.
_BACK_NS = 1_000_000_000
# Stamps leap if they go ahead by this, and by many times the common step and the receive time.
_AHEAD_NS, _MANY = 10_000_000_000, 50
# Maximum number of messages out of order that are not a new beginning.
_LATE = 8
# Stamps are checked if there are as many, received over this time in ns.
ENOUGH, _LONG_NS = 8, 1_000_000_000
# Stamps stand still if at least this part of their steps is shorter than _STILL_NS, though received
# more than _BETWEEN_NS apart, and the others are longer than _COARSE_NS.
_MANY_STILL, _STILL_NS, _BETWEEN_NS, _COARSE_NS = 0.4, 1_000_000, 5_000_000, 500_000_000
# Stamps that are this many times as slow as receive times are of another unit, not of a simulation.
_SLOW = 300
# Parts of a recording whose rates are measured.
RATES = 10


class Stamps(NamedTuple):
    """
    The clocks of a topic, int64 ns (messages,) in the order of recording.

    stamped: 0 where a header has no stamp, or nanoseconds of a second and more. numbers: grow in
    the order of the sensor; None where messages have none. why: what is said of a topic without
    stamps. repeated: bool, messages that are sent again as they were; None if that is unknown.
    """

    name: str
    received: Times
    stamped: Times
    numbers: Times | None = None
    why: str = 'has no stamps'
    repeated: NDArray[np.bool_] | None = None


class Jump(NamedTuple):
    """Stamps from number `message` on are too large by `amount` ns; when it was received."""

    message: int
    amount: int
    received: int


def usable(topic: Stamps) -> Stamps:
    """Return a topic without its stamps, and why, if they do not say when a message was sent."""
    why = useless(topic) if topic.stamped.any() else ''
    return topic._replace(stamped=np.zeros_like(topic.stamped), why=why) if why else topic


def useless(topic: Stamps) -> str:
    """Return why stamps do not say when messages were sent; empty if they do, or it is unknown."""
    stamped, received = topic.stamped, topic.received
    if len(stamped) < ENOUGH or np.ptp(received) < _LONG_NS:
        return ''
    if not stamped.any():
        return topic.why
    unset = int(np.count_nonzero(stamped == 0))
    steps, between = np.diff(stamped), np.diff(received)
    still = np.abs(steps) < _STILL_NS
    if topic.repeated is not None:
        still &= ~topic.repeated[1:]
    if 2 * unset > len(stamped):
        return f'has no valid stamp in {unset} of {len(stamped)} messages'
    if (stamped == stamped[0]).all():
        return 'has the same stamp in all messages'
    if (rate := _rate(stamped, received)) is not None and 0 < rate * _SLOW < 1:
        return f'is stamped {1 / rate:.0f} times as slowly as received (another unit?)'
    if (
        _MANY_STILL <= still.mean() < 1
        and np.median(between[still]) > _BETWEEN_NS
        and (coarse := float(np.median(steps[~still]))) > _COARSE_NS
    ):
        return f'has stamps that go on only every {coarse * 1e-9:.1f} s'
    return ''


def _rate(times: Times, received: Times) -> float | None:
    """Return how fast times go on relative to the receive times, None if these do not go on."""
    # The median of parts: a clock that is set, once, is in one of them.
    ends = np.linspace(0, len(times) - 1, RATES + 1).astype(int)
    passed, took = np.diff(times[ends]), np.diff(received[ends])
    known = took > 0
    return float(np.median(passed[known] / took[known])) if known.any() else None


def is_unset(topic: Stamps) -> bool:
    """Return whether a topic has messages, and none of them a stamp."""
    return bool(len(topic.stamped)) and not topic.stamped.any()


def filled(topic: Stamps, notes: list[str]) -> Times:
    """Return stamps, and for those that were never set the time by the neighbouring ones."""
    unset = topic.stamped == 0
    if not unset.any():
        return topic.stamped
    if unset.all():
        notes.append(f'{topic.name} {topic.why}: receive times are used')
        return topic.received
    known = np.flatnonzero(~unset)
    wanted = np.flatnonzero(unset)
    after = np.searchsorted(known, wanted).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(
        np.abs(known[before] - wanted) <= np.abs(known[after] - wanted), known[before], known[after]
    )
    estimated = topic.stamped[nearest] + topic.received[wanted] - topic.received[nearest]
    times = topic.stamped.copy()
    # In simulated time, which may run fast, 0 is a time.
    common = float(np.median(np.diff(topic.stamped[known]))) if len(known) > 1 else 0.0
    genuine = np.abs(estimated) < max(_BACK_NS, 2.0 * common)
    times[wanted] = np.where(genuine, 0, estimated)
    if not genuine.all():
        notes.append(
            f'{topic.name}: {np.count_nonzero(~genuine)} of {len(unset)} messages have no stamp; '
            'theirs are estimated from receive times'
        )
    return times


def _steps(topic: Stamps, times: Times) -> tuple[Times, Times, int]:
    """Return steps of the stamps, steps to expect by receive times, and the common step."""
    steps = np.diff(times)
    ahead = steps[steps > 0]
    common = int(np.median(ahead)) if len(ahead) else 0
    received = np.diff(topic.received)
    # A recorder's clock that is set back says nothing.
    return steps, np.where(received < 0, common, received), common


def jumps_of(topic: Stamps, times: Times) -> list[Jump]:
    """Return where stamps begin again or leap."""
    if len(times) < 2:
        return []
    steps, expected, common = _steps(topic, times)
    leaps = steps > np.maximum(_AHEAD_NS, _MANY * np.maximum(expected, common))
    found: list[Jump] = []
    latest, begin, shift = int(times[0]), 0, 0
    for index in np.flatnonzero((steps < -_BACK_NS) | leaps).tolist():
        latest = max(latest, int(times[begin : index + 1].max()) - shift)
        begin = index + 1
        now = int(times[begin]) - shift
        soon = times[begin + 1 : begin + 1 + _LATE] - shift
        if now < latest - _BACK_NS and (soon >= latest).any():
            continue  # Out of order, not a new beginning.
        amount = now - (latest + int(expected[index]))
        if abs(amount) < _BACK_NS:
            continue
        found.append(Jump(index + 1, amount, int(topic.received[begin])))
        shift += amount
    return found


def jump_note(topic: Stamps, jumps: list[Jump]) -> str:
    """Return what is said of jumps."""
    first = jumps[0]
    times = f'{len(jumps)} times, first' if len(jumps) > 1 else 'once,'
    how = 'back' if first.amount < 0 else 'ahead'
    return (
        f'{topic.name}: stamps jump {times} after message {first.message}, {how} by '
        f'{abs(first.amount) * 1e-9:.3f} s (a reset, or a clock that wraps or was set); '
        'time goes on from there by the receive times'
    )


def continued(times: Times, jumps: list[Jump]) -> Times:
    """Return times that go on where they jump."""
    if not jumps:
        return times
    result = times.copy()
    for jump in jumps:
        result[jump.message :] -= jump.amount
    return result
