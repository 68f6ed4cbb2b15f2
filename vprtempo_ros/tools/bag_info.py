"""bag_info: print the topics of a bag, and of events sensor, encoding, rate and errors."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Iterator, Sequence

from ..errors import EventError, SourceError
from ..events.decoding import StreamDecoder
from ..events.packet import EventBuffer
from ..sources.bags import BagReader
from ..sources.event_bag import packets
from ..sources.event_msg import EVENT_TYPES
from ..sources.storage import Topic
from ..sources.unfinished import finish
from .command import guarded

Line = tuple[str, str]


def describe(path: Path) -> Iterator[Line]:
    """
    Yield lines of a name and a text; a line without a name continues the one before.

    All events are decoded, to count them and to find errors.

    A recording that was not finished is recovered, and gets its metadata.yaml.

    :raises SourceError: if the bag cannot be read.
    """
    yield 'bag', str(path)
    try:
        finished = finish(path)
        if finished is not None:
            yield 'recovered', f'{finished} messages; metadata.yaml was missing, and is written'
    except SourceError as error:
        yield 'recovered', f'not: {error}'
    with BagReader(path) as bag:
        for number, topic in enumerate(bag.topics.values()):
            yield '' if number else 'topics', f'{topic.name}  {topic.type}  {topic.messages}'
        for topic in bag.topics.values():
            if topic.type in EVENT_TYPES and topic.messages:
                yield from _events(bag, topic)


def _events(bag: BagReader, topic: Topic) -> Iterator[Line]:
    skipped: dict[str, int] = Counter()
    sensors: dict[str, int] = Counter()
    encodings: dict[str, int] = Counter()
    decoder, buffer = StreamDecoder(), EventBuffer()
    events = brighter = size = 0
    first = last = None
    for packet in packets(bag, topic, skipped):
        sensors[f'{packet.width}x{packet.height}'] += 1
        encodings[packet.encoding[:40]] += 1
        size += packet.data.size
        try:
            offset, _ = decoder.decode(packet, buffer)
        except EventError as error:
            skipped[str(error)] += 1
            continue
        if len(buffer):
            times = buffer.t
            first = int(times[0]) + offset if first is None else first
            last = int(times[-1]) + offset
            events += len(buffer)
            brighter += int(buffer.p.sum())
    yield topic.name, f'{topic.messages} packets, {size:,} bytes of events'
    yield 'sensor', ', '.join(sensors) + ' pixels' if sensors else 'unknown'
    yield 'encoding', ', '.join(encodings) or 'unknown'
    if events and first is not None and last is not None:
        seconds = max(last - first, 0) * 1e-9
        yield (
            'events',
            (f'{events:,}, of which {brighter:,} brighter, {size / events:.2f} bytes each'),
        )
        yield 'duration', f'{seconds:.3f} s'
        if seconds:
            yield (
                'rate',
                (
                    f'{events / seconds * 1e-6:.3f} million events per second, '
                    f'{topic.messages / seconds:.1f} packets per second'
                ),
            )
    if decoder.lost:
        yield 'lost', f'{decoder.lost} packets, by their sequence numbers'
    for reason, count in skipped.items():
        yield 'unusable', f'{count} packets: {reason}'


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='bag_info', description=__doc__)
    parser.add_argument('bag', type=Path, help='bag: folder, .db3, .mcap or .bag file')
    given = parser.parse_args(args)

    def work() -> None:
        for name, text in describe(given.bag):
            print(f'{name:<9} {text}')

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
