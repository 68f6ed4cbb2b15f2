"""
Which clock to trust: the order of recording, the stamps, or the receive times.

Stamps are when something was seen, and so what poses and frames are joined by. But they may be
missing (0), stand still (a driver sets them once, or whole seconds only), go on at another rate,
begin again (a simulation is reset, a counter wraps), or be of another clock than the stamps of the
poses. Receive times are those of one computer, late by a varying latency. Every source asks here,
once, for all of its stamps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from .disorder import Disorder, by_numbers, disorder

Times = NDArray[np.int64]

# Stamps that step back by more than this, in ns, begin again, unless they return at once.
_BACK_NS = 1_000_000_000
# Stamps leap if they go ahead by this, and by many times the common step and the receive time.
_AHEAD_NS, _MANY = 10_000_000_000, 50
# Maximum number of messages out of order that are not a new beginning.
_LATE = 8
# Clocks differ by more than any latency, in ns.
_APART_NS = 5_000_000_000
_UNSURE_NS = 1_000_000_000
# Jumps of two topics are one if they differ by less than this, in ns.
_SAME_NS = 1_000_000_000
# Stamps are checked if there are as many, received over this time in ns.
_ENOUGH, _LONG_NS = 8, 1_000_000_000
# Stamps stand still if at least this part of their steps is shorter than _STILL_NS, though received
# more than _BETWEEN_NS apart, and the others are longer than _COARSE_NS.
_MANY_STILL, _STILL_NS, _BETWEEN_NS, _COARSE_NS = 0.4, 1_000_000, 5_000_000, 500_000_000
# Stamps that are this many times as slow as receive times are of another unit, not of a simulation.
_SLOW = 300
# Parts of a recording whose rates are measured.
_RATES = 10
# A clock was set if stamps step by this much more or less than common, in ns, and receive times do
# not, and messages are as much later or earlier from there on, as many of them as are enough.
_SET_NS = 400_000_000
# Rates of two topics that differ by this part are not those of the same clock.
_OTHER_RATE = 0.02


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


class Clocks(NamedTuple):
    """
    Times of frames and poses on one clock, int64 ns, and what was decided, for the user.

    breaks: times of the poses before which stamps began again; disorder: of the frames.
    """

    frames: Times
    poses: Times | None
    notes: list[str]
    breaks: tuple[int, ...] = ()
    disorder: Disorder = Disorder()


class _Jump(NamedTuple):
    """Stamps from number `message` on are too large by `amount` ns; when it was received."""

    message: int
    amount: int
    received: int


def common_clock(frames: Stamps, poses: Stamps | None = None) -> Clocks:
    """
    Return times that go on where stamps begin again, and that are of one clock.

    Messages are in the order of these times; those of events, in the order of their numbers.

    :raises SourceError: if stamps begin again, and receive times do not say how much later.
    """
    found = _one_clock(frames, poses)
    times = found.frames
    if poses is not None and found.poses is not None:
        messages, largest = disorder(found.poses)
        if messages:
            found.notes.append(
                f'{poses.name}: {messages} of {len(found.poses)} poses were recorded after later '
                f'ones, by up to {largest:.3f} s: sorted'
            )
    if frames.numbers is not None:
        times, swapped, furthest = by_numbers(times, frames.numbers)
        if swapped:
            found.notes.append(
                f'{frames.name}: {swapped} of {len(times)} packets are stamped after later ones, '
                f'by up to {furthest} packets: sorted as the sensor sent them'
            )
    return found._replace(frames=times, disorder=disorder(times))


def _one_clock(frames: Stamps, poses: Stamps | None) -> Clocks:
    """Return times that go on, and are of one clock."""
    notes: list[str] = []
    frames = _usable(frames)
    topics = [frames] if poses is None or not len(poses.stamped) else [frames, _usable(poses)]
    if len(topics) == 2 and _unset(frames) != _unset(topics[1]):
        unset = frames if _unset(frames) else topics[1]
        other = topics[1] if unset is frames else frames
        if _apart(other.stamped, other.received) > _APART_NS:
            notes.append(
                f'{unset.name} {unset.why} and {other.name} is stamped {_span(other.stamped)}, '
                'another clock than that of the receive times: receive times are used for both'
            )
            return Clocks(frames.received, topics[1].received, notes)
    filled = [_filled(topic, notes) for topic in topics]
    jumps = [_jumps(topic, times) for topic, times in zip(topics, filled)]
    for topic, found in zip(topics, jumps):
        if found:
            _check_decidable(topic, found, len(topics) > 1)
            notes.append(_jump_note(topic, found))
    if len(topics) == 2:
        _join(jumps[0], jumps[1])
    times = [_continued(each, found) for each, found in zip(filled, jumps)]
    if len(topics) == 1:
        return Clocks(times[0], None if poses is None else poses.received, notes)
    if (rates := _other_rates(topics, times)) is not None:
        notes.append(
            f'stamps of {topics[0].name} run at {rates[0]:.3g} times the rate of the receive '
            f'times, those of {topics[1].name} at {rates[1]:.3g}: receive times are used for both'
        )
        return Clocks(topics[0].received, topics[1].received, notes)
    times[0] = _set_back(topics[0], topics[1], times[0], times[1], notes)
    times[0] = _aligned(topics[0], topics[1], times[0], times[1], notes)
    breaks = tuple(int(times[1][jump.message]) for jump in jumps[1])
    return Clocks(times[0], times[1], notes, breaks)


def _usable(topic: Stamps) -> Stamps:
    """Return a topic without its stamps, and why, if they do not say when a message was sent."""
    why = useless(topic) if topic.stamped.any() else ''
    return topic._replace(stamped=np.zeros_like(topic.stamped), why=why) if why else topic


def useless(topic: Stamps) -> str:
    """Return why stamps do not say when messages were sent; empty if they do, or it is unknown."""
    stamped, received = topic.stamped, topic.received
    if len(stamped) < _ENOUGH or np.ptp(received) < _LONG_NS:
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
    ends = np.linspace(0, len(times) - 1, _RATES + 1).astype(int)
    passed, took = np.diff(times[ends]), np.diff(received[ends])
    known = took > 0
    return float(np.median(passed[known] / took[known])) if known.any() else None


def _other_rates(topics: list[Stamps], times: list[Times]) -> tuple[float, float] | None:
    """Return the rates of two topics, if they are not those of one clock."""
    begin = max(int(topic.received.min()) for topic in topics)
    end = min(int(topic.received.max()) for topic in topics)
    if any(
        np.count_nonzero((begin <= topic.received) & (topic.received <= end)) < _ENOUGH
        for topic in topics
    ):
        return None
    # Compared over the same seconds: the rate of a simulation, which both have, varies.
    ends = np.linspace(begin, end, _RATES + 1, dtype=np.int64)
    passed = [np.diff(ends + _offsets(*each, ends)) for each in zip(topics, times)]
    if any((part <= 0).any() for part in passed):
        return None
    apart = abs(float(np.median(passed[0] / passed[1])) - 1)
    if apart < _OTHER_RATE or apart * (end - begin) < _UNSURE_NS:
        return None
    first, second = (float(np.median(part / np.diff(ends))) for part in passed)
    return first, second


def _unset(topic: Stamps) -> bool:
    return bool(len(topic.stamped)) and not topic.stamped.any()


def _apart(stamps: Times, received: Times) -> float:
    return abs(float(np.median(stamps - received))) if len(stamps) else 0.0


def _span(times: Times) -> str:
    return f'{times.min() * 1e-9:.3f} to {times.max() * 1e-9:.3f} s'


def _filled(topic: Stamps, notes: list[str]) -> Times:
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


def _jumps(topic: Stamps, times: Times) -> list[_Jump]:
    """Return where stamps begin again or leap."""
    if len(times) < 2:
        return []
    steps, expected, common = _steps(topic, times)
    leaps = steps > np.maximum(_AHEAD_NS, _MANY * np.maximum(expected, common))
    found: list[_Jump] = []
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
        found.append(_Jump(index + 1, amount, int(topic.received[begin])))
        shift += amount
    return found


def _check_decidable(topic: Stamps, jumps: list[_Jump], several: bool) -> None:
    """Check that receive times say how stamps go on; alone, a topic goes on at its own rate."""
    received = topic.received
    constant = len(received) > 1 and bool((received == received[0]).all())
    if several and (constant or not received.any()):
        raise SourceError(
            f'{topic.name}: stamps begin again after message {jumps[0].message}, and receive times '
            'are missing, so poses cannot be joined with images: split the recording there, or '
            'set poses.topic to none'
        )


def _jump_note(topic: Stamps, jumps: list[_Jump]) -> str:
    first = jumps[0]
    times = f'{len(jumps)} times, first' if len(jumps) > 1 else 'once,'
    how = 'back' if first.amount < 0 else 'ahead'
    return (
        f'{topic.name}: stamps jump {times} after message {first.message}, {how} by '
        f'{abs(first.amount) * 1e-9:.3f} s (a reset, or a clock that wraps or was set); '
        'time goes on from there by the receive times'
    )


def _join(frames: list[_Jump], poses: list[_Jump]) -> None:
    """Where both topics jump together, as one clock does, use the same amount for both."""
    for number, jump in enumerate(frames):
        for other in poses:
            if (
                abs(jump.amount - other.amount) < _SAME_NS
                and abs(jump.received - other.received) < 10 * _SAME_NS
            ):
                frames[number] = jump._replace(amount=other.amount)
                break


def _continued(times: Times, jumps: list[_Jump]) -> Times:
    if not jumps:
        return times
    result = times.copy()
    for jump in jumps:
        result[jump.message :] -= jump.amount
    return result


def _offsets(topic: Stamps, times: Times, when: Times) -> Times:
    """Return by how much the times of a topic are later than receive times, at these, in ns."""
    order = np.argsort(topic.received, kind='stable')
    received, offsets = topic.received[order], (times - topic.received)[order]
    # Float has not the bits for all of a time.
    found = np.interp(when - received[0], received - received[0], offsets - offsets[0])
    return np.asarray(offsets[0] + np.rint(found).astype(np.int64))


def _between(frames: Stamps, poses: Stamps, times: Times, others: Times) -> int:
    """Return by how much times of frames are later than those of poses received then, in ns."""
    # Received then, not on average: a simulation may lag behind, and fewer messages come meanwhile.
    later = times - frames.received - _offsets(poses, others, frames.received)
    both = (frames.received >= poses.received.min()) & (frames.received <= poses.received.max())
    return int(np.median(later[both] if both.any() else later))


def _settings(topic: Stamps, times: Times) -> list[int]:
    """Return the receive times of messages before which the clock of a topic may have been set."""
    if len(times) < 2:
        return []
    steps, between = np.diff(times), np.diff(topic.received)
    uneven = np.abs(steps - np.median(steps)) > _SET_NS
    # A message that is late has another receive time, and its stamp is right.
    even = np.abs(between - np.median(between)) < _SET_NS // 2
    return topic.received[1:][uneven & even].tolist()


def _set_back(
    frames: Stamps, poses: Stamps, times: Times, others: Times, notes: list[str]
) -> Times:
    """Return times of frames without the steps that only one of two clocks has made."""
    found = _settings(frames, times) + _settings(poses, others)
    if not found:
        return times
    # Clocks that differ make no step where they are set together.
    later = times - frames.received - _offsets(poses, others, frames.received)
    bounds = np.unique(np.searchsorted(frames.received, [*found, frames.received.max() + 1]))
    parts = [part for part in np.split(np.arange(len(times)), bounds) if len(part) >= _ENOUGH]
    levels = [int(np.median(later[part])) for part in parts]
    spreads = [float(np.ptp(np.quantile(later[part], (0.1, 0.9)))) for part in parts]
    if len(parts) < 2 or np.ptp(levels) < _SET_NS or max(spreads) > np.ptp(levels) / 2:
        return times
    # The one that is nearer to the receive times is right.
    right = min(levels, key=abs)
    result = times.copy()
    # Shorter parts are as the one before them.
    begins = [0, *(int(part[0]) for part in parts[1:]), len(times)]
    for begin, end, level in zip(begins, begins[1:], levels):
        result[begin:end] -= level - right
    count = int(np.count_nonzero(np.abs(np.diff(levels)) >= _SET_NS))
    often = 'once' if count == 1 else f'{count} times'
    notes.append(
        f'stamps of {frames.name} and {poses.name} step against each other {often}, by up to '
        f'{np.ptp(levels) * 1e-9:.1f} s, and receive times do not (a clock that was set): aligned '
        'by the receive times'
    )
    return result


def _aligned(frames: Stamps, poses: Stamps, times: Times, others: Times, notes: list[str]) -> Times:
    """Return the times of frames on the clock of the poses."""
    if not len(times) or not (np.ptp(frames.received) and np.ptp(poses.received)):
        return times
    apart = _between(frames, poses, times, others)
    if abs(apart) > _APART_NS:
        notes.append(
            f'{frames.name} is stamped {_span(times)}, {poses.name} {_span(others)}: two clocks, '
            f'{abs(apart) * 1e-9:.1f} s apart; aligned by the receive times'
        )
        return times - apart
    if abs(apart) > _UNSURE_NS:
        notes.append(
            f'{frames.name} and {poses.name} are stamped {abs(apart) * 1e-9:.1f} s apart relative '
            'to their receive times: a latency, or clocks that are not synchronised; stamps are '
            'used'
        )
    return times
