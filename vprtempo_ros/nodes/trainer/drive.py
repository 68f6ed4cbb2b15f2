"""One drive along the route: what is heard of it, on its way to the disk."""

from __future__ import annotations

import shutil
import time

from rclpy.node import Node

from ...config import TrainerConfig
from ...errors import ImageError, TeachingError
from ...maps.counting import PlaceCounter
from ...sources.cdr import prepare, read_message, stamp_ns
from ...sources.live import FrameValidator, RateLimiter
from ...sources.poses import LocalPoses, pose_of
from ...sources.recorder import Recorder
from ...sources.recordings import first_recording, next_recording
from ..common.parameters import changed
from ..common.qos import streaming
from .live_topics import frame_topic, pose_topic

# Messages that the middleware may queue by itself: a second of images, of packets and of poses.
_IMAGES_DEPTH, _EVENTS_DEPTH, _POSES_DEPTH = 30, 1000, 1000


class Drive:
    """
    Subscribes, records everything that the trainer could want, and counts what will become of it.

    `problem` says why it ended by itself, empty while it goes on.
    """

    def __init__(self, node: Node, config: TrainerConfig) -> None:
        """
        Begin to record.

        :raises VprError: if what is to be recorded is not there, or cannot be recorded.
        """
        self.config = config
        self.heard = self.poses_heard = self.bad_poses = 0
        # Coordinate frames of the poses, of which there should be one; two are known to be wrong.
        self.pose_frames: list[str] = []
        self.problem = ''
        self.last_frame = self.last_pose = time.monotonic()
        self.frames, self.poses = frame_topic(node, config), pose_topic(node, config)
        self.watch = FrameValidator(self.frames.type_name, config.input.decoder)
        self.counter = PlaceCounter(config)
        self._clock = node.get_clock()
        self._received = 0
        events = config.input.type == 'events'
        self._thinning = RateLimiter(0.0 if events else config.live.max_rate)
        topics = {self.frames.name: self.frames.type_name}
        if self.poses is not None:
            topics[self.poses.name] = self.poses.type_name
            self._local = LocalPoses(self.poses.type_name)
            prepare(self.poses.type_name)
        live = config.live
        path = next_recording(first_recording(live.recording, config.map))
        self.recorder = Recorder(
            path.absolute(),
            topics,
            sync=live.sync,
            buffer=round(live.buffer * 1e6),
            min_free=round(live.min_free * 1e6),
        )
        self._node, self._subscriptions = (
            node,
            [
                node.create_subscription(
                    self.frames.message,
                    self.frames.name,
                    self._on_frame,
                    streaming(_EVENTS_DEPTH if events else _IMAGES_DEPTH, live.reliability),
                    raw=True,
                )
            ],
        )
        if self.poses is not None:
            # As sensor data they are heard from reliable publishers too.
            self._subscriptions.append(
                node.create_subscription(
                    self.poses.message,
                    self.poses.name,
                    self._on_pose,
                    streaming(_POSES_DEPTH, 'best_effort'),
                    raw=True,
                )
            )

    def check_enough(self) -> None:
        """
        Make sure that what came so far would make a map.

        :raises TeachingError: with the numbers, if not.
        """
        config, places = self.config.places, self.counter.places
        if not self.heard:
            raise TeachingError(f'no frame came on {self.frames.name} so far')
        if places is None or places >= 2:
            return
        bad = sum(self.watch.bad.values())
        what = (
            f'{places} place(s) so far, a place every {config.spacing:g} {config.by}, from '
            f'{self.heard - bad} frames'
        )
        if bad:
            reason, count = self.watch.bad.most_common(1)[0]
            what += f' and {bad} that are no use ({count}: {reason})'
        if config.by == 'metres' and self.poses is not None:
            what += f' and {self.poses_heard} poses on {self.poses.name}'
        raise TeachingError(f'expected at least 2 places, found {what}')

    def settings(self, config: TrainerConfig) -> TrainerConfig:
        """Return a configuration with this recording as what the map is made of."""
        poses = self.poses.name if self.poses is not None and self.poses_heard else 'none'
        return changed(
            config,
            {
                'bags': [str(self.recorder.path)],
                'input.topic': self.frames.name,
                'poses.topic': poses,
            },
        )

    def stop(self) -> None:
        """Stop listening."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def close(self) -> None:
        """Stop listening and finish the recording; one without any message is removed."""
        self.stop()
        self.recorder.close()
        if not self.recorder.written and not self.recorder.problem:
            shutil.rmtree(self.recorder.path, ignore_errors=True)

    def summary(self) -> str:
        """Return what was recorded and where it lies."""
        written = self.recorder.written
        if not written:
            return 'nothing had been recorded'
        poses = f' and {written[self.poses.name]} poses' if self.poses is not None else ''
        what = 'packets of events' if self.config.input.type == 'events' else 'frames'
        return (
            f'{self.recorder.path} has {written[self.frames.name]} {what}{poses} in '
            f'{self.recorder.size / 1e6:.1f} MB'
        )

    def _on_frame(self, data: bytes) -> None:
        if self.problem:
            return
        self.heard += 1
        self.last_frame = time.monotonic()
        received = self._receive_time()
        stamp = self.watch.look(data, received)
        if self.watch.jumped:
            self.problem = (
                f'the stamps on {self.frames.name} jumped back by '
                f'{self.watch.jumped:.1f} s (a replay that began anew, or a clock '
                'that was set): recording stopped'
            )
            return
        if stamp is not None and not self._thinning.wanted(stamp):
            return
        # Frames that are no use now are recorded too: it may be us who cannot read them.
        if self.recorder.put(self.frames.name, received, data) and stamp is not None:
            self.counter.add_frame(stamp)

    def _on_pose(self, data: bytes) -> None:
        if self.problem:
            return
        assert self.poses is not None
        self.last_pose = time.monotonic()
        received = self._receive_time()
        try:
            message = read_message(data, self.poses.type_name)
        except ImageError:
            self.bad_poses += 1
            return
        pose = pose_of(message, self.poses.type_name)
        if not self.recorder.put(self.poses.name, received, data):
            return
        if pose is None:
            self.bad_poses += 1
            return
        self.poses_heard += 1
        if pose.frame_id not in self.pose_frames and len(self.pose_frames) < 2:
            self.pose_frames.append(pose.frame_id)
        self.counter.add_pose(stamp_ns(message.header) or received, self._local.local(pose))

    def _receive_time(self) -> int:
        """Return the time of the node's clock; it never goes back, so order is kept in the bag."""
        self._received = max(self._received, self._clock.now().nanoseconds)
        return self._received
