"""The cameras of a vpr_node: their topics, what each is matched against, what each has sent."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from ...config import EVENTS, NodeConfig
from ...errors import ConfigError
from ...events.packet import Size
from ...health.statistics import FrameStatistics
from ...interface import EVENTS as EVENTS_TOPIC
from ...interface import IMAGE
from ...maps.cameras import camera_names
from ...maps.map import Map
from ...sources.frozen import FrozenImage
from ...sources.live_clock import LiveClock

# Images whose coordinate frames are remembered.
_FRAME_IDS = 32


class Camera(NamedTuple):
    """
    A camera of a node.

    topic: before remapping; map: what it is matched against; turned: whether it looks backwards,
    seen from that.
    """

    topic: str
    map: Map
    turned: bool = False


class CameraFrames:
    """What has been received of a camera since the node became active."""

    def __init__(self) -> None:
        """Start without a frame."""
        self.statistics = FrameStatistics()
        self.clock = LiveClock()
        self.frozen = FrozenImage()
        self.seen: Size | None = None
        self.last_ns = 0
        self._frame_ids: deque[str] = deque(maxlen=_FRAME_IDS)

    def add_frame_id(self, frame_id: str) -> None:
        """Take the coordinate frame that an image names."""
        self._frame_ids.append(frame_id)

    @property
    def frame_ids(self) -> list[str]:
        """The coordinate frames of the last images, each named more than once."""
        # A copy: another thread adds to it.
        named = Counter(tuple(self._frame_ids))
        return sorted(name for name, count in named.items() if count > 1)


def cameras_of(loaded: Map, config: NodeConfig) -> dict[str, Camera]:
    """
    Return the cameras of a node by name; one alone may have the empty name.

    :raises ConfigError: if they are not those of the map.
    """
    given = config.cameras
    names = camera_names(given.names) or list(loaded.cameras)
    if names == [loaded.camera] and not given.names:
        if given.topics or given.views or given.turned:
            raise ConfigError(
                f'{config.map} is of one camera: name those of the node in cameras.names'
            )
        return {loaded.camera: Camera((EVENTS_TOPIC if _events(config) else IMAGE).name, loaded)}
    if config.input.frame_id:
        raise ConfigError('input.frame_id is of one camera; leave it empty with several')
    if _events(config):
        raise ConfigError(
            'cameras.names is of cameras of images: start a vpr_node for each event camera'
        )
    views = given.views or (names if loaded.views else [loaded.camera] * len(names))
    topics = given.topics or [f'{name}/{IMAGE.name}' for name in names]
    for option, values in (('views', views), ('topics', topics)):
        if len(values) != len(names):
            raise ConfigError(
                f'cameras.{option}: expected one for each of {", ".join(names)}, found '
                f'{len(values)}'
            )
    for option, wanted, known in (
        ('views', views, list(loaded.cameras)),
        ('turned', given.turned, names),
    ):
        for name in wanted:
            if name not in known:
                raise ConfigError(
                    f'cameras.{option}: expected {" or ".join(filter(None, known)) or "none"}, '
                    f'found {name!r}'
                )
    return {
        name: Camera(topic, loaded.cameras[view], name in given.turned)
        for name, topic, view in zip(names, topics, views)
    }


def _events(config: NodeConfig) -> bool:
    return config.input.type == EVENTS
