"""What the software reads from the inputs of the corpus, as plain values for JSON."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vprtempo_ros.config import BackendConfig, MatchConfig, TrainerConfig
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.packet import EventBuffer
from vprtempo_ros.frames import Image, Pose
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import COMPRESSED, IMAGE, read_message, stamp_ns
from vprtempo_ros.sources.event_msg import EVENT_TYPES, read_packet
from vprtempo_ros.sources.image_msg import decode_compressed, decode_image
from vprtempo_ros.sources.poses import pose_of
from vprtempo_ros.sources.traverse import open_traverse

CORPUS = Path(__file__).parent

Answer = dict[str, Any]


def image_message(entry: Path) -> Answer:
    """Read a sensor_msgs/Image."""
    message = read_message((entry / 'message.cdr').read_bytes(), IMAGE)
    return {'stamp_ns': stamp_ns(message.header), **_image(decode_image(message))}


def compressed_image(entry: Path) -> Answer:
    """Read a sensor_msgs/CompressedImage."""
    message = read_message((entry / 'message.cdr').read_bytes(), COMPRESSED)
    return {'stamp_ns': stamp_ns(message.header), **_image(decode_compressed(message))}


def pose_message(entry: Path) -> Answer:
    """Read a message with a pose; its type is in type.txt."""
    type_name = (entry / 'type.txt').read_text().strip()
    message = read_message((entry / 'message.cdr').read_bytes(), type_name)
    return {'stamp_ns': stamp_ns(message.header), 'pose': _pose(pose_of(message, type_name))}


def event_packets(entry: Path) -> Answer:
    """Decode a stream of messages of events, one after another; their type is in type.txt."""
    type_name = (entry / 'type.txt').read_text().strip()
    assert type_name in EVENT_TYPES
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    found = []
    for file in sorted(entry.glob('*.cdr')):
        packet = read_packet(file.read_bytes(), type_name)
        offset_ns, restarted = decoder.decode(packet, buffer)
        found.append(
            {
                'encoding': packet.encoding,
                'stamp_ns': packet.stamp_ns,
                'seq': packet.seq,
                'restarted': restarted,
                'x': buffer.x.tolist(),
                'y': buffer.y.tolist(),
                'p': buffer.p.tolist(),
                # After the stamp, so that the numbers are short.
                'after_ns': (buffer.t + offset_ns - packet.stamp_ns).tolist(),
            }
        )
    return {'size': list(decoder.size or ()), 'lost': decoder.lost, 'packets': found}


def bag(entry: Path) -> Answer:
    """Read every message of a bag, and its frames with their poses."""
    with BagReader(entry) as reader:
        topics = {topic.name: [topic.type, topic.messages] for topic in reader.topics.values()}
        messages = [
            [raw.topic, raw.stamp_ns, hashlib.sha256(raw.data).hexdigest()[:16]]
            for raw in reader.messages(list(topics))
        ]
    return {'topics': topics, 'messages': messages, **_traverse(entry, TrainerConfig())}


def map_folder(entry: Path) -> Answer:
    """Load the folder map, and recognise the frames of the bag drive with each of its backends."""
    loaded = load(entry / 'map')
    places = [
        [place.stamp_ns, place.frame, _pose(place.pose) if place.pose else None]
        for place in loaded.places
    ]
    backends = (entry / 'backends.txt').read_text().split()
    return {
        'image_size': list(loaded.image_size()),
        'places': places,
        'origin': list(loaded.origin) if loaded.origin else None,
        'thumbnails': [hashlib.sha256(data).hexdigest()[:16] for data in loaded.thumbnails],
        'matches': {name: _matches(loaded, entry / 'drive', name) for name in backends},
    }


def _matches(loaded: Map, drive: Path, backend: str) -> list[Answer]:
    config = from_flat(
        TrainerConfig, {'input.type': loaded.config.input.type, 'poses.topic': 'none'}
    )
    config.input.events = loaded.config.input.events
    recogniser = Recogniser(loaded, BackendConfig(name=backend), MatchConfig(min_confidence=0.0))
    found = []
    traverse, _ = open_traverse(str(drive), config.input, config.poses)
    for frame in traverse:
        match = recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns))
        found.append({'similarity': _rounded(match.similarity), 'place': int(match.places[0])})
    recogniser.close()
    return found


def _traverse(path: Path, config: TrainerConfig) -> Answer:
    traverse, _ = open_traverse(str(path), config.input, config.poses)
    frames = [
        {
            'stamp_ns': frame.stamp_ns,
            'name': frame.name,
            'pose': _pose(frame.pose) if frame.pose else None,
            'mean': round(frame.image.mean(), 2),
        }
        for frame in traverse
    ]
    return {'frames': frames, 'skipped': dict(Counter(traverse.skipped))}


def _image(image: Image) -> Answer:
    return {
        'width': image.width,
        'height': image.height,
        'mean': round(image.mean(), 2),
        'grey': image.grey().tolist(),
    }


def _pose(pose: Pose | None) -> Answer:
    assert pose is not None
    return asdict(pose)


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in values]


KINDS: dict[str, Callable[[Path], Answer]] = {
    'image_messages': image_message,
    'compressed_images': compressed_image,
    'pose_messages': pose_message,
    'event_packets': event_packets,
    'bags': bag,
    'maps': map_folder,
}
"""How the entries of each kind are read; a kind is a folder with entries and answers.json."""
