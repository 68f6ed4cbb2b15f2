"""bag_info: print the topics of a bag, what is missing, and of events sensor, encoding, rate."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from ..config import PosesConfig
from ..errors import EventError, SourceError
from ..events.decoding import StreamDecoder
from ..events.packet import EventBuffer
from ..sources.aedat4 import EVENTS, Aedat4File
from ..sources.bag_poses import own_clock, poses_of
from ..sources.bags import BagReader, is_bag
from ..sources.clocks import common_clock
from ..sources.completeness import Completeness
from ..sources.event_bag import BagPackets, EventPackets, FilePackets
from ..sources.event_msg import EVENT_TYPES
from ..sources.folder import image_files
from ..sources.image_frames import holds_video
from ..sources.image_msg import DECODERS
from ..sources.kinds import AEDAT4, RECORDINGS, is_event_file
from ..sources.pose_topic import track_of
from ..sources.scan import scan
from ..sources.storage import Topic
from ..sources.unfinished import finish
from ..sources.video import VIDEO_TYPES
from ..support.several import several
from .command import guarded

Line = tuple[str, str]


def describe(path: Path) -> Iterator[Line]:
    """
    Yield lines of a name and a text; a line without a name continues the one before.

    All events are decoded, to count them and to find errors.

    A recording that was not finished is recovered, and gets its metadata.yaml.

    :raises SourceError: if the bag cannot be read.
    """
    if is_event_file(path):
        yield 'file', str(path)
        if path.suffix.lower() == AEDAT4:
            streams = Aedat4File(path).streams
            for number, stream in enumerate(streams):
                size = f'  {stream.size[0]}x{stream.size[1]}' if stream.size else ''
                name = f'{stream.number} {stream.name}  {stream.type}{size}'
                yield '' if number else 'streams', name
            if all(stream.type != EVENTS for stream in streams):
                return
        file = FilePackets(path)
        yield 'format', file.format
        yield from _events(file)
        return
    if images := _image_files(path):
        yield 'folder', str(path)
        yield 'images', f'{several(len(images), "image")}, {images[0].name} to {images[-1].name}'
        yield '', 'trains as it is: set bags of trainer_node to this folder'
        return
    yield 'bag', str(path)
    try:
        finished = finish(path)
        if finished is not None:
            count = several(finished, 'message')
            yield 'recovered', f'{count}; metadata.yaml was missing, and is written'
    except SourceError as error:
        yield 'recovered', f'not: {error}'
    with BagReader(path) as bag:
        for number, topic in enumerate(bag.topics.values()):
            yield '' if number else 'topics', f'{topic.name}  {topic.type}  {topic.messages}'
        for line in bag.incomplete:
            yield 'missing', line
        for topic in bag.topics.values():
            if topic.type in EVENT_TYPES and topic.messages:
                yield from _events(BagPackets(path, topic.name))
            elif topic.type in (*DECODERS, *VIDEO_TYPES) and topic.messages:
                yield from _images(bag, topic)
        yield from _poses(bag)


def _image_files(path: Path) -> list[Path]:
    if not path.is_dir() or is_bag(path):
        return []
    try:
        return image_files(path)
    except SourceError:
        return []


def _images(bag: BagReader, topic: Topic) -> Iterator[Line]:
    found = scan(bag, topic)
    sizes = ', '.join(f'{count} of {w}x{h}' for (w, h), count in found.sizes.items())
    yield topic.name, f'{several(topic.messages, "image")}, {sizes or "sizes unknown"} pixels'
    complete = Completeness(topic.messages, notes=[*found.notes()])
    clocks = common_clock(found.stamps)
    complete.notes += clocks.notes
    complete.out_of_order, complete.largest_step = clocks.disorder
    if holds_video(bag, topic):
        complete.order_of_video()
    complete.add_gaps(np.sort(clocks.frames))
    for line in complete.lines():
        yield 'missing', line


def _poses(bag: BagReader) -> Iterator[Line]:
    """Yield what training would find of poses without settings."""
    config, notes = PosesConfig(), list[str]()
    try:
        found = poses_of(bag, config, '', notes)
        if found is not None:
            clocks = own_clock(found)
            track, origin = track_of(found, clocks, config.max_gap, None)
            where = 'metres from the first fix' if origin else f'frame {track.frame_id[:40]!r}'
            yield found.topic.name, f'{several(len(track), "pose")}, in {where}'
            notes += [*clocks.notes, *found.notes]
    except SourceError as error:
        notes.append(str(error).removeprefix(f'{bag.path}: '))
    for note in notes:
        yield 'poses', note


def _events(packets: EventPackets) -> Iterator[Line]:
    complete = packets.completeness
    sensors: dict[str, int] = Counter()
    encodings: dict[str, int] = Counter()
    decoder = StreamDecoder(packets.size, sensor_clock=packets.ratio != 1.0)
    buffer = EventBuffer()
    events = brighter = size = 0
    first = last = None
    for packet in packets.read():
        sensors[f'{packet.width}x{packet.height}'] += 1
        encodings[packet.encoding[:40]] += 1
        size += packet.data.size
        try:
            offset, _ = decoder.decode(packet, buffer)
        except EventError as error:
            complete.skipped.count(str(error))
            continue
        if len(buffer):
            times = buffer.t
            first = int(times[0]) + offset if first is None else first
            last = int(times[-1]) + offset
            events += len(buffer)
            brighter += int(buffer.p.sum())
    yield packets.name, f'{several(complete.messages, "packet")}, {size:,} bytes of events'
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
                    f'{complete.messages / seconds:.1f} packets per second'
                ),
            )
    if decoder.lost:
        yield 'lost', f'{several(decoder.lost, "packet")}, by their sequence numbers'
    for reason, count in complete.skipped.items():
        yield 'unusable', f'{several(count, "packet")}: {reason}'
    complete.skipped.clear()
    complete.late, complete.swapped = decoder.late, decoder.swapped
    for line in complete.lines():
        yield 'missing', line


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='bag_info', description=__doc__)
    parser.add_argument('bag', type=Path, help=RECORDINGS)
    given = parser.parse_args(args)

    def work() -> None:
        for name, text in describe(given.bag):
            print(f'{name:<9} {text}')

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
