"""The recording of one drive along the route."""

from __future__ import annotations

import shutil
import time

from rclpy.node import Node

from ...config import EVENTS, TrainerConfig
from ...errors import ImageError, TeachingError
from ...maps.counting import PlaceCounter
from ...sources.cdr import prepare, read_message, stamp_ns
from ...sources.heads import FrameChoice
from ...sources.live import FrameValidator, RateLimiter
from ...sources.poses import LocalPoses, pose_of
from ...sources.recorder import Recorder
from ...sources.recordings import first_recording, next_recording
from ..common.parameters import changed
from ..common.qos import streaming
from .live_topics import find_frame_topic, find_pose_topic

# Messages that the middleware may queue: a second of images, of packets and of poses.
_IMAGES_DEPTH, _EVENTS_DEPTH, _POSES_DEPTH = 30, 1000, 1000


class DriveRecorder:
    """
    Records frames and poses as received, and counts the places that they will give.

    `problem` is the reason why the recording stopped, empty while it continues.
    """

    def __init__(self, node: Node, config: TrainerConfig) -> None:
        """
        Start to record.

        :raises VprError: if a topic is not published, or the recording cannot be written.
        """
        self.config = config
        self.frames_received = self.poses_received = self.bad_poses = 0
        # Coordinate frames of the poses: there should be one, and two are known to be wrong.
        self.pose_frames: list[str] = []
        self.last_frame = self.last_pose = time.monotonic()
        self.frame_topic, self.pose_topic = (
            find_frame_topic(node, config),
            find_pose_topic(node, config),
        )
        self._choice = FrameChoice(
            config.input.frame_id, lambda: self.frame_topic.name, node.get_logger().warning
        )
        self.validator = FrameValidator(self.frame_topic.type_name, config.input.decoder)
        self.counter = PlaceCounter(config)
        self._jump = ''
        self._clock = node.get_clock()
        self._received = 0
        events = config.input.type == EVENTS
        self._rate_limiter = RateLimiter(0.0 if events else config.live.max_rate)
        topics = {self.frame_topic.name: self.frame_topic.type_name}
        if self.pose_topic is not None:
            topics[self.pose_topic.name] = self.pose_topic.type_name
            self._local = LocalPoses(self.pose_topic.type_name)
            prepare(self.pose_topic.type_name)
        live = config.live
        path = next_recording(first_recording(live.recording, config.map))
        self.recorder = Recorder(
            path.absolute(),
            topics,
            sync=live.sync,
            buffer=round(live.buffer * 1e6),
            min_free=round(live.min_free * 1e6),
        )
        self._node = node
        self._subscriptions = [
            node.create_subscription(
                self.frame_topic.message,
                self.frame_topic.name,
                self._on_frame,
                streaming(_EVENTS_DEPTH if events else _IMAGES_DEPTH, live.reliability),
                raw=True,
            )
        ]
        if self.pose_topic is not None:
            # Best effort receives from reliable publishers too.
            self._subscriptions.append(
                node.create_subscription(
                    self.pose_topic.message,
                    self.pose_topic.name,
                    self._on_pose,
                    streaming(_POSES_DEPTH, 'best_effort'),
                    raw=True,
                )
            )

    @property
    def problem(self) -> str:
        """Why the recording stopped: a time jump, or the disk."""
        return self._jump or self.recorder.problem

    def check_enough(self) -> None:
        """
        Check that the recording so far gives a map.

        :raises TeachingError: with the counts, if it does not.
        """
        config, places = self.config.places, self.counter.places
        if not self.frames_received:
            raise TeachingError(f'no frame received on {self.frame_topic.name} yet')
        if places is None or places >= 2:
            return
        bad = sum(self.validator.bad.values())
        found = (
            f'{places} place(s) so far, a place every {config.spacing:g} {config.by}, from '
            f'{self.frames_received - bad} frames'
        )
        if bad:
            reason, count = self.validator.bad.most_common(1)[0]
            found += f' and {bad} unusable ones ({count}: {reason})'
        if config.by == 'metres' and self.pose_topic is not None:
            found += f' and {self.poses_received} poses on {self.pose_topic.name}'
        raise TeachingError(f'expected at least 2 places, found {found}')

    def training_config(self, config: TrainerConfig) -> TrainerConfig:
        """Return a configuration with this recording as the reference traverse."""
        with_poses = self.pose_topic is not None and self.poses_received
        return changed(
            config,
            {
                'bags': [str(self.recorder.path)],
                'input.topic': self.frame_topic.name,
                'poses.topic': self.pose_topic.name if self.pose_topic and with_poses else 'none',
            },
        )

    def stop(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def close(self) -> None:
        """Unsubscribe and finish the recording; one without messages is removed."""
        self.stop()
        self.recorder.close()
        if not self.recorder.written and not self.recorder.problem:
            shutil.rmtree(self.recorder.path, ignore_errors=True)

    def summary(self) -> str:
        """Return what was recorded, and where."""
        written = self.recorder.written
        if not written:
            return 'nothing was recorded'
        poses = f' and {written[self.pose_topic.name]} poses' if self.pose_topic else ''
        unit = 'packets of events' if self.config.input.type == EVENTS else 'frames'
        others = f'; {self._choice.left_out} of other coordinate frames were left out'
        return (
            f'{self.recorder.path} has {written[self.frame_topic.name]} {unit}{poses} in '
            f'{self.recorder.size / 1e6:.1f} MB{others * bool(self._choice.left_out)}'
        )

    def _on_frame(self, data: bytes) -> None:
        if self.problem:
            return
        if not self._choice.takes(data):
            return
        self.frames_received += 1
        self.last_frame = time.monotonic()
        received = self._receive_time()
        stamp = self.validator.look(data, received)
        if self.validator.jumped:
            self._jump = (
                f'the time stamps on {self.frame_topic.name} jumped back by '
                f'{self.validator.jumped:.1f} s (a replay that restarted, or a clock that was '
                'set): recording stopped'
            )
            return
        if stamp is not None and not self._rate_limiter.wanted(stamp):
            return
        # Unusable frames are recorded too: a later version may be able to read them.
        if self.recorder.put(self.frame_topic.name, received, data) and stamp is not None:
            self.counter.add_frame(stamp)

    def _on_pose(self, data: bytes) -> None:
        if self.problem:
            return
        assert self.pose_topic is not None
        self.last_pose = time.monotonic()
        received = self._receive_time()
        try:
            message = read_message(data, self.pose_topic.type_name)
        except ImageError:
            self.bad_poses += 1
            return
        pose = pose_of(message, self.pose_topic.type_name)
        if not self.recorder.put(self.pose_topic.name, received, data):
            return
        if pose is None:
            self.bad_poses += 1
            return
        self.poses_received += 1
        if pose.frame_id not in self.pose_frames and len(self.pose_frames) < 2:
            self.pose_frames.append(pose.frame_id)
        self.counter.add_pose(stamp_ns(message.header) or received, self._local.local(pose))

    def _receive_time(self) -> int:
        """Return the time of the node's clock; it never decreases, which keeps the bag in order."""
        self._received = max(self._received, self._clock.now().nanoseconds)
        return self._received
