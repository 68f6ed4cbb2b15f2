"""
Which clock to trust: the order of recording, the stamps, or the receive times.

Poses and frames are joined by their stamps (`stamps.py`). But these may go on at another rate than
those of the poses, or be of another clock. Receive times are those of one computer, late by a
varying latency. Every source asks here, once, for all of its stamps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import SourceError
from .disorder import Disorder, by_numbers, disorder
from .stamps import (
    ENOUGH,
    RATES,
    Jump,
    Stamps,
    Times,
    continued,
    filled,
    is_unset,
    jump_note,
    jumps_of,
    usable,
)

# Clocks differ by more than any latency, in ns.
_APART_NS = 5_000_000_000
_UNSURE_NS = 1_000_000_000
# Jumps of two topics are one if they differ by less than this, in ns.
_SAME_NS = 1_000_000_000
# A clock was set if stamps step by this much more or less than common, in ns, and receive times do
# not, and messages are as much later or earlier from there on, as many of them as are enough.
_SET_NS = 400_000_000
# Rates of two topics that differ by this part are not those of the same clock.
_OTHER_RATE = 0.02


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
    frames = usable(frames)
    topics = [frames] if poses is None or not len(poses.stamped) else [frames, usable(poses)]
    if len(topics) == 2 and is_unset(frames) != is_unset(topics[1]):
        unstamped = frames if is_unset(frames) else topics[1]
        other = topics[1] if unstamped is frames else frames
        if _apart(other.stamped, other.received) > _APART_NS:
            notes.append(
                f'{unstamped.name} {unstamped.why} and {other.name} is stamped '
                f'{_span(other.stamped)}, another clock than that of the receive times: receive '
                'times are used for both'
            )
            return Clocks(frames.received, topics[1].received, notes)
    times = [filled(topic, notes) for topic in topics]
    jumps = [jumps_of(topic, times) for topic, times in zip(topics, times)]
    for topic, found in zip(topics, jumps):
        if found:
            _check_decidable(topic, found, len(topics) > 1)
            notes.append(jump_note(topic, found))
    if len(topics) == 2:
        _join(jumps[0], jumps[1])
    times = [continued(each, found) for each, found in zip(times, jumps)]
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


def _other_rates(topics: list[Stamps], times: list[Times]) -> tuple[float, float] | None:
    """Return the rates of two topics, if they are not those of one clock."""
    begin = max(int(topic.received.min()) for topic in topics)
    end = min(int(topic.received.max()) for topic in topics)
    if any(
        np.count_nonzero((begin <= topic.received) & (topic.received <= end)) < ENOUGH
        for topic in topics
    ):
        return None
    # Compared over the same seconds: the rate of a simulation, which both have, varies.
    ends = np.linspace(begin, end, RATES + 1, dtype=np.int64)
    passed = [np.diff(ends + _offsets(*each, ends)) for each in zip(topics, times)]
    if any((part <= 0).any() for part in passed):
        return None
    apart = abs(float(np.median(passed[0] / passed[1])) - 1)
    if apart < _OTHER_RATE or apart * (end - begin) < _UNSURE_NS:
        return None
    first, second = (float(np.median(part / np.diff(ends))) for part in passed)
    return first, second


def _apart(stamps: Times, received: Times) -> float:
    return abs(float(np.median(stamps - received))) if len(stamps) else 0.0


def _span(times: Times) -> str:
    return f'{times.min() * 1e-9:.3f} to {times.max() * 1e-9:.3f} s'


def _check_decidable(topic: Stamps, jumps: list[Jump], several: bool) -> None:
    """Check that receive times say how stamps go on; alone, a topic goes on at its own rate."""
    received = topic.received
    constant = len(received) > 1 and bool((received == received[0]).all())
    if several and (constant or not received.any()):
        raise SourceError(
            f'{topic.name}: stamps begin again after message {jumps[0].message}, and receive times '
            'are missing, so poses cannot be joined with images: split the recording there, or '
            'set poses.topic to none'
        )


def _join(frames: list[Jump], poses: list[Jump]) -> None:
    """Where both topics jump together, as one clock does, use the same amount for both."""
    for number, jump in enumerate(frames):
        for other in poses:
            if (
                abs(jump.amount - other.amount) < _SAME_NS
                and abs(jump.received - other.received) < 10 * _SAME_NS
            ):
                frames[number] = jump._replace(amount=other.amount)
                break


def _offsets(topic: Stamps, times: Times, when: Times) -> Times:
    """Return by how much the times of a topic are later than receive times, at these, in ns."""
    order = np.argsort(topic.received, kind='stable')
    received, offsets = topic.received[order], (times - topic.received)[order]
    # Float has not the bits for all of a time.
    found = np.interp(when - received[0], received - received[0], offsets - offsets[0])
    return np.asarray(offsets[0] + np.rint(found).astype(np.int64))


def offset_between(frames: Stamps, poses: Stamps, times: Times, others: Times) -> int:
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
    parts = [part for part in np.split(np.arange(len(times)), bounds) if len(part) >= ENOUGH]
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
    apart = offset_between(frames, poses, times, others)
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
