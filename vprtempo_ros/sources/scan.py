"""One look at all heads of a topic, from which it is decided what is read and in which order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple, Sequence, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..events.packet import Size
from .bags import BagReader
from .disorder import WAITING
from .heads import HEAD_BYTES, HEAD_DEFAULT, is_of_frame, read_head
from .stamps import Stamps
from .storage import RawMessage, Topic

T = TypeVar('T')

# Coordinate frames that are counted; names may be damage.
_FRAMES = 100


class Scan(NamedTuple):
    """
    The heads of a topic in the order of recording.

    size: width and height that most messages have, None if unknown; other: bool (messages,),
    those of another size; sizes: number of messages by size; frame_ids: the same by the coordinate
    frame in their headers, at most _FRAMES of them; left_out: messages of others than `frame_id`.
    """

    stamps: Stamps
    size: Size | None
    other: NDArray[np.bool_]
    sizes: dict[Size, int]
    frame_ids: Counter[str] = Counter()
    frame_id: str = ''
    left_out: int = 0

    def notes(self) -> Iterator[str]:
        """Yield a line if messages name several coordinate frames, each more than once."""
        if self.left_out:
            yield (
                f'{self.stamps.name}: {self.left_out} messages of other coordinate frames than '
                f'{self.frame_id!r} are left out (input.frame_id)'
            )
        named = [(name, n) for name, n in self.frame_ids.most_common(4) if n > 1]
        if len(named) > 1:
            listed = ', '.join(f'{n} of {name[:40]!r}' for name, n in named)
            yield (
                f'{self.stamps.name}: messages of several coordinate frames ({listed}): two '
                'cameras on one topic? All are read; input.frame_id chooses one'
            )


def messages_of(bag: BagReader, topic: Topic, frame_id: str) -> Iterator[RawMessage]:
    """Yield the messages of a topic, of a coordinate frame if one is given, as recorded."""
    return (raw for raw in bag.recorded([topic.name]) if is_of_frame(raw.data, frame_id))


def scan(bag: BagReader, topic: Topic, frame_id: str = '') -> Scan:
    """
    Read the heads of all messages of a topic, of a coordinate frame if one is given.

    :raises SourceError: if none is of that.
    """
    left_out: Counter[str] = Counter()
    received, stamped = [], []
    found: list[Size | None] = []
    numbers: list[int | None] = []
    frame_ids: Counter[str] = Counter()
    for raw in bag.heads(topic.name, HEAD_BYTES.get(topic.type, HEAD_DEFAULT)):
        head = read_head(raw.data, topic.type)
        if not is_of_frame(raw.data, frame_id):
            left_out[head.frame_id if len(left_out) < _FRAMES else ''] += 1
            continue
        received.append(raw.stamp_ns)
        stamped.append(head.stamp_ns)
        found.append(head.size)
        numbers.append(head.number)
        if head.frame_id in frame_ids or len(frame_ids) < _FRAMES:
            frame_ids[head.frame_id] += 1
    if left_out and not received:
        listed = ', '.join(f'{n} of {name[:40]!r}' for name, n in left_out.most_common(4))
        raise SourceError(
            f'{bag.path}: expected messages of {topic.name} of the coordinate frame {frame_id!r} '
            f'(input.frame_id), found {listed}'
        )
    scanned = scan_of(topic.name, received, stamped, found)._replace(
        frame_ids=frame_ids, frame_id=frame_id, left_out=left_out.total()
    )
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return scanned
    return scanned._replace(stamps=scanned.stamps._replace(numbers=np.array(known, np.int64)))


def scan_of(
    name: str, received: Sequence[int], stamped: Sequence[int], found: Sequence[Size | None]
) -> Scan:
    """Return what is known of messages by their times in ns and sizes."""
    sizes = Counter(size for size in found if size)
    most = max(sizes, key=lambda size: sizes[size], default=None)
    return Scan(
        Stamps(name, np.array(received, np.int64), np.array(stamped, np.int64)),
        most,
        np.array([size is not None and size != most for size in found], bool),
        sizes,
    )


def check_size(found: Scan, path: Path) -> None:
    """
    Check that one size is that of most messages.

    :raises SourceError: if it is not: then it is not clear which camera or setting is meant.
    """
    total = sum(found.sizes.values())
    if found.size is not None and 2 * found.sizes[found.size] <= total:
        listed = ', '.join(f'{n} of {w}x{h}' for (w, h), n in sorted(found.sizes.items())[:4])
        raise SourceError(
            f'{path}: expected most messages of {found.stamps.name} to have one size, found '
            f'{listed}: split the recording, or name another topic'
        )


class Ordered(NamedTuple):
    """A message, its number in the order of recording, and its time in ns."""

    number: int
    time_ns: int
    raw: RawMessage


def in_order(
    bag: BagReader, topic: Topic, times: NDArray[np.int64], frame_id: str = ''
) -> Iterator[Ordered | None]:
    """
    Yield the messages of a topic in the order of `times`, int64 ns in the order of recording.

    Of a coordinate frame if one is given, as `times` are.

    For one that comes later than WAITING messages, None; see `sort_items`.
    """
    for found in sort_items(messages_of(bag, topic, frame_id), times):
        yield None if found is None else Ordered(found[0], int(times[found[0]]), found[1])


def sort_items(items: Iterable[T], times: NDArray[np.int64]) -> Iterator[tuple[int, T] | None]:
    """
    Yield numbers and items in the order of `times`, int64 ns in the order of the items.

    At most WAITING items wait in memory for an earlier one; for an earlier one that comes after
    that, None.
    """
    rank = np.empty(len(times), np.int64)
    rank[np.argsort(times, kind='stable')] = np.arange(len(times))
    waiting: dict[int, tuple[int, T]] = {}
    passed = 0
    # A recording that is still written has more items than were looked at.
    for number, (item, place) in enumerate(zip(items, rank.tolist())):
        if place < passed:
            yield None
            continue
        waiting[place] = number, item
        if len(waiting) > WAITING:
            passed = min(waiting)
        while passed in waiting:
            yield waiting.pop(passed)
            passed += 1
    for place in sorted(waiting):
        yield waiting[place]
