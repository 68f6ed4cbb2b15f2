"""The events of a file in the order of their times, sorted in bounded memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..events.packet import JITTER_NS, TIME_BITS, Packet, Size, are_few
from ..events.prophesee import merge, steps_back

Times = NDArray[np.int64]
Words = NDArray[np.uint64]

Block = tuple[Times, Words]
"""Times in us, and events without time in the layout of `EventBuffer`."""

# Longest time of a packet, and jitter, in us.
_SPAN_US, _JITTER_US = 2_000_000, JITTER_NS // 1000
# Events that wait for earlier ones, and the packets that they may be in.
_WAITING, _PACKETS = 1 << 16, 32
# Events that are earlier than those ahead of them by more than this, in us, are not waited for.
_BACK_US = 1_000_000
# Sensors send events in order, but for steps of less than this, in us.
_STEP_US = 100
_TIME = np.uint64((1 << TIME_BITS) - 1)


@dataclass
class FileOrder:
    """
    What was out of order.

    steps: how often events follow on later ones; largest: of these steps, in seconds; late: events
    that were left out, since those after them had gone.
    """

    steps: int = 0
    largest: float = 0.0
    late: int = 0

    def add(self, steps: int, largest_us: int) -> None:
        """Count steps back, and keep the largest."""
        self.steps += steps
        self.largest = max(self.largest, largest_us * 1e-6)


class _Part(NamedTuple):
    """Events of a packet with their times since `base_us` in ns, and the last in us."""

    events: Words
    base_us: int
    last_us: int


def block_of(
    columns: Mapping[str, NDArray[np.integer | np.bool_]], per_us: int = 1, offset_us: int = 0
) -> Block:
    """
    Return events of their columns t, x, y and p, integers (events,).

    :param per_us: times per microsecond; offset_us: is added to them.
    """
    times = columns['t'].astype(np.int64) // per_us + offset_us
    x, y = (columns[name].astype(np.uint64) for name in 'xy')
    # Columns and rows that do not fit their bits must stay outside of every sensor.
    x = np.minimum(x, np.uint64(0xFFFF)) << np.uint64(32)
    y = np.minimum(y, np.uint64(0x7FFF)) << np.uint64(48)
    return times, (columns['p'] > 0).astype(np.uint64) << np.uint64(63) | y | x


def packets_in_order(blocks: Iterable[Block], size: Size, order: FileOrder) -> Iterator[Packet]:
    """
    Yield events in packets of the encoding mono, of 2 s at most.

    At most 65,536 events, and a block, wait for earlier ones. Events that come later than that by
    more than a sensor's jitter, or more than a second late, are left out, unless they are many of
    a block: then time begins again.

    :param blocks: in memory that may be reused for the next one; times not negative.
    """
    waiting: deque[_Part] = deque()
    events = gone_us = 0
    for block in blocks:
        for times, words, begins_again in _checked(block, waiting, gone_us, order):
            if begins_again:
                yield from (_packet(part, size) for part in waiting)
                waiting.clear()
                gone_us = 0
            events = sum(len(part.events) for part in waiting)
            for part in _parts(times, words):
                waiting.append(part)
                events += len(part.events)
                while len(waiting) > 1 and (events > _WAITING or len(waiting) > _PACKETS):
                    gone = waiting.popleft()
                    events -= len(gone.events)
                    gone_us = max(gone_us, gone.last_us)
                    yield _packet(gone, size)
    yield from (_packet(part, size) for part in waiting)


def _checked(
    block: Block, waiting: deque[_Part], gone_us: int, order: FileOrder
) -> Iterator[tuple[Times, Words, bool]]:
    """Yield a block in order, with what it is earlier than, and whether time begins again in it."""
    times, words = block
    if not len(times):
        return
    newest_us = waiting[-1].last_us if waiting else gone_us
    steps = int(steps_back(times, newest_us, _STEP_US))
    if not steps:
        yield times, words, False
        return
    ahead = np.maximum(np.maximum.accumulate(times), newest_us)
    order.add(steps, int((ahead - times).max()))
    late = times < np.maximum(gone_us - _JITTER_US, ahead - _BACK_US)
    count = int(np.count_nonzero(late))
    if are_few(count, len(times)):
        order.late += count
        if count:
            times, words = times[~late], words[~late]
        yield (*_sorted(waiting, times, words), False)
        return
    # Another recording begins: nothing of the one before comes after that.
    begin = int(np.argmax(late))
    if begin:
        yield (*_sorted(waiting, times[:begin], words[:begin]), False)
    nothing: deque[_Part] = deque()
    yield (*_sorted(nothing, times[begin:], words[begin:]), True)


def _sorted(waiting: deque[_Part], times: Times, words: Words) -> Block:
    """Return events with those waiting that are later than the first of them, in order."""
    first_us = int(times.min())
    later: list[_Part] = []
    while waiting and waiting[-1].last_us > first_us:
        later.insert(0, waiting.pop())
    times = np.concatenate([*(_times(part) for part in later), times])
    words = np.concatenate([*(part.events & ~_TIME for part in later), words])
    found = np.argsort(times, kind='stable')
    return times[found], words[found]


def _times(part: _Part) -> Times:
    return (part.events & _TIME).astype(np.int64) // 1000 + part.base_us


def _parts(times: Times, words: Words) -> Iterator[_Part]:
    """Yield copies of events, split where they are or span more than a packet may."""
    begin = 0
    while begin < len(times):
        base = max(int(times[begin]) - _JITTER_US, 0)
        end = min(begin + 2 * _WAITING, len(times))
        memory = np.empty(end - begin, np.uint64)
        count = int(merge(times[:end], words, begin, base, _SPAN_US, memory))
        # Parts wait: what a short one does not use is given back.
        used = memory[:count] if 2 * count >= len(memory) else memory[:count].copy()
        begin += count
        yield _Part(used, base, int(times[begin - 1]))


def _packet(part: _Part, size: Size) -> Packet:
    first_us = part.base_us + int(part.events[0] & _TIME) // 1000
    data = part.events.view(np.uint8)
    return Packet('mono', *size, first_us * 1000, '', data, part.base_us * 1000)
