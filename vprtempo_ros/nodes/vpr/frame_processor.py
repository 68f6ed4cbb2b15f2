"""From the bytes of a message to the published match, in the worker's thread."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, NamedTuple

from rclpy.lifecycle import LifecycleNode

from ...config import NodeConfig
from ...errors import BackendError, ImageError, VprError
from ...events.packet import Size
from ...frames import Image, Pose
from ...health.statistics import FrameStatistics
from ...matching.match import Match
from ...matching.odometry import Odometer
from ...matching.pose import PoseEstimate
from ...matching.stages import FrameTiming
from ...recogniser import Recogniser
from ...sources.cdr import Header, read_message, stamp_ns
from ...sources.image_msg import DECODERS
from ...sources.live_clock import LiveClock
from .cameras import CameraFrames
from .loading import LoadedMap
from .localize import LastMatch, described, unknown_reason
from .outputs.outputs import Outputs

if TYPE_CHECKING:
    from ...learning.basis import Basis
    from ...learning.learner import Counts, Learner, Sighting

# Minimum time between two warnings about unusable messages, in seconds.
_WARN_PERIOD = 5.0

# A stamp that steps back by more than this, in ns, is a time jump; by less, a frame out of order.
_BACK = 500_000_000


class _FrameContext(NamedTuple):
    """
    What is needed of a frame when its match is ready.

    time_ns: when it was taken, which its stamp may not say; shown: the image, only if it is to be
    shown; learnt: the same, only while places are learnt.
    """

    header: Header
    time_ns: int
    travelled: float | None
    shown: Image | None
    camera: str
    learnt: Image | None


class FrameProcessor:
    """
    Matches messages against a loaded map; no message makes it raise an exception.

    `process`, `advance` and `finish` are called from one thread at a time; `match`, the settings
    for the next frame, may be replaced from another thread.
    """

    def __init__(self, node: LifecycleNode, loaded: LoadedMap, config: NodeConfig) -> None:
        """Make the output topics."""
        self._node, self.loaded = node, loaded
        self._outputs = Outputs(node, loaded.recogniser, loaded.path, config.pose)
        # A camera that looks backwards is not moved along the route by the odometry's way.
        self._measures_way = not config.cameras.turned
        self.match = self._match_in_use = config.match
        self._forget = self._wants_initial_pose = False
        # Takes each match with its pose, if there is one; may be set from another thread.
        self.follower: Callable[[LoadedMap, int, Match, PoseEstimate | None], None] | None = None
        # Between ~/learn_start and ~/learn_stop; then also what its networks are run with.
        self.learner: Learner | None = None
        self._backend, self._any_size = config.backend, config.input.any_size
        self.reset()

    def reset(self) -> None:
        """Forget earlier frames and restart the statistics: the robot may be anywhere."""
        self.loaded.recogniser.reset()
        self._forget = self._wants_initial_pose = False
        self.odometer = Odometer()
        self.odometry_clock = LiveClock()
        self._odometry_reason = ''
        self.cameras = {name: CameraFrames() for name in self.loaded.cameras}
        # Of all cameras.
        self.statistics = (
            FrameStatistics()
            if len(self.cameras) > 1
            else next(iter(self.cameras.values())).statistics
        )
        self._last: LastMatch | None = None
        if self.loaded.events:
            self.loaded.events.reset()

    def set_map(self, loaded: LoadedMap) -> LoadedMap:
        """
        Publish the pending results, use another map from now on, and return the old one.

        What is known from earlier frames holds on for another revision of the same map.
        """
        self.finish()
        old, self.loaded = self.loaded, loaded
        # The settings may have changed since it was loaded.
        loaded.recogniser.configure(self.match)
        if loaded.route is old.route:
            loaded.recogniser.continue_from(old.recogniser)
        self._match_in_use = self.match
        self._last = None
        self._outputs.set_map(loaded.recogniser, loaded.path)
        return old

    def forget(self) -> None:
        """Forget earlier frames before the next one; from any thread."""
        self._forget = True

    def relocalize(self) -> tuple[bool, str]:
        """
        Forget earlier frames before the next one, and publish the next pose on initialpose too.

        Return whether there will be such a pose, and a description. From any thread.
        """
        poses = self._outputs.poses
        # In this order: another thread takes both at the next frame.
        self._wants_initial_pose = True
        self.forget()
        if not poses.has_poses:
            return False, (
                f'earlier frames are forgotten, but {self.loaded.path} has no poses: '
                f'nothing will be published on {poses.initial_topic}'
            )
        return True, (
            'earlier frames are forgotten; the next pose with a confidence of at least '
            f'{self.match.min_confidence:g} will be published once on '
            f'{poses.initial_topic} ({poses.initial_subscribers} subscriber(s) now)'
        )

    def localize(self, max_age: float) -> tuple[bool, str]:
        """
        Return whether the place of the last frame is known, and a description or the reason.

        From any thread that does not set the map meanwhile.
        """
        last = None if self._forget else self._last
        reason = unknown_reason(last, time.monotonic(), max_age, self.match.min_confidence)
        if reason or last is None:
            return False, f'unknown: {reason}'
        return True, described(last, self._outputs.poses.estimate(last.match, last.turned))

    def start_learning(self, learner: Learner, config: NodeConfig) -> None:
        """Show each frame to a learner from now on; only of a map of one camera."""
        self.learner = learner
        self._backend, self._any_size = deepcopy(config.backend), config.input.any_size

    def use_basis(self, basis: Basis) -> None:
        """Let the learner make new places known, if it still learns."""
        if self.learner is not None:
            self.learner.use(basis)

    def stop_learning(self) -> Counts | None:
        """Close the learner and return what it has learnt; None if there is none."""
        learner, self.learner = self.learner, None
        if learner is None:
            return None
        learner.close()
        return learner.counts

    def add_received(self, camera: str, stamp_ns: int | None) -> None:
        """Count a received message; `stamp_ns`: that of a camera at a steady rate."""
        statistics = self.cameras[camera].statistics
        statistics.add_received(stamp_ns)
        if statistics is not self.statistics:
            self.statistics.add_received()

    def add_odometry(self, stamp: int, pose: Pose | str, speed: float) -> None:
        """
        Take the next pose of the odometry, or why there is none, with its stamp in ns.

        :param speed: forward, in m/s.
        """
        if isinstance(pose, str):
            self._odometry_reason = pose
            return
        self._odometry_reason = ''
        self.odometer.add(self._sent('odometry', self.odometry_clock, stamp), pose, speed)

    @property
    def odometry_problem(self) -> str:
        """Why the poses of the odometry are not used as they are; empty if they are."""
        if self._odometry_reason:
            return (
                f'unusable poses, with {self._odometry_reason}: the sequence filter uses time '
                'instead; have the driver set them, or set input.odometry to false'
            )
        if self.odometer.by_speed:
            return (
                'the position never changes while the speed does not stand still: its driver sets '
                'the twist only; the way is what the speed adds up to; use odometry with poses, as '
                'of robot_localization'
            )
        if (share := self.odometer.across) is not None:
            return (
                f'{share:.0%} of the way is along x of the poses, which is forward: they are of an '
                'optical frame, of something that turns, or without orientations; the way is its '
                'length, without reverse; use the odometry of base_link'
            )
        return ''

    def add_lost(self, camera: str, count: int) -> None:
        """Count messages that the middleware lost."""
        for statistics in {self.cameras[camera].statistics, self.statistics}:
            statistics.add_lost(count)

    @property
    def seen(self) -> dict[str, Size | None]:
        """By camera, width and height of the last image, or of the sensor of event packets."""
        if self.loaded.events:
            return dict.fromkeys(self.cameras, self.loaded.events.seen)
        return {name: frames.seen for name, frames in self.cameras.items()}

    @property
    def sequence_filter(self) -> str:
        """The name of the sequence filter in use."""
        return self._match_in_use.sequence.filter

    def process(self, data: bytes, camera: str = '') -> None:
        """Process a message: an image, or each image that an event packet completes."""
        started = time.perf_counter()
        try:
            if self.loaded.events:
                for header, image in self.loaded.events.images(data):
                    self._submit(header, image, camera)
            else:
                message = read_message(data, self.loaded.type_name)
                self._submit(message.header, DECODERS[self.loaded.type_name](message), camera)
        except BackendError as error:
            self._note_failure(str(error))
        except VprError as error:
            self._note_bad(str(error), camera)
        except Exception as error:  # noqa: BLE001 - reported; the next frame may be fine
            self._note_failure(f'{type(error).__name__}: {error}')
        self.statistics.add_work(time.perf_counter() - started)

    def advance(self) -> bool:
        """Run a step of a pipelined backend without a frame; return whether results are pending."""
        if not self.loaded.recogniser.pending:
            return False
        started = time.perf_counter()
        try:
            recogniser = self._configured_recogniser()
            for tag, match in recogniser.advance():
                self._publish(match, tag)
        except VprError as error:
            self._note_failure(str(error))
            return False
        except Exception as error:  # noqa: BLE001 - reported, as above
            self._note_failure(f'{type(error).__name__}: {error}')
            return False
        self.statistics.add_work(time.perf_counter() - started)
        return recogniser.pending > 0

    def finish(self) -> None:
        """Publish all pending results."""
        while self.advance():
            pass

    def clear_outputs(self) -> None:
        """Remove displayed results, which an inactive node does not update."""
        self._outputs.clear()

    def close(self) -> None:
        """Remove the topics and release the map."""
        self._outputs.destroy()
        self.loaded.close()

    def _submit(self, header: Header, image: Image, camera: str) -> None:
        frames = self.cameras[camera]
        frames.seen = (image.width, image.height)
        frames.add_frame_id(header.frame_id)
        stamp = self._time_of(header, camera)
        self._check_time_jump(stamp, frames)
        if not self.loaded.events:
            self._check_frozen(image, stamp, frames)
        travelled = self.odometer.travelled(stamp) if self._measures_way else None
        matched = self._configured_recogniser().submit(
            image,
            FrameTiming(stamp, travelled),
            _FrameContext(
                header,
                stamp,
                travelled,
                self._outputs.image_to_show(image),
                camera,
                image if self.learner else None,
            ),
            camera,
        )
        self.odometer.keep()
        for tag, match in matched:
            self._publish(match, tag)
        self._take_up_learnt()

    def _time_of(self, header: Header, camera: str) -> int:
        """Return when a frame was taken."""
        stamp = stamp_ns(header)
        if self.loaded.events:
            return stamp  # Of windows of the stream, which the decoder has put on one clock.
        return self._sent(camera or 'image', self.cameras[camera].clock, stamp)

    def _sent(self, topic: str, clock: LiveClock, stamp: int) -> int:
        """Return when a message was sent, and warn if stamps begin not to say it."""
        known, now = clock.why, self._node.get_clock().now().nanoseconds
        sent = clock.time(stamp, now)
        if clock.why and not known:
            self._node.get_logger().warning(f'{topic} {clock.why}: receive times are used')
        return sent

    def _check_frozen(self, image: Image, stamp: int, frames: CameraFrames) -> None:
        """
        Refuse an image that shows where the robot was some time ago.

        :raises ImageError: if the image is the same although the robot has moved.
        """
        newest = self.odometer.newest
        same = frames.frozen.update(image.pixels, stamp, newest[1].position if newest else None)
        frames.statistics.set_unchanged(same.seconds)
        if same.frozen:
            raise ImageError(
                f'the same image for {same.seconds:.1f} s, in which the odometry moved by '
                f'{same.metres:.1f} m: the camera is frozen or covered, or the wheels slip'
            )

    def _configured_recogniser(self) -> Recogniser:
        """Return the recogniser with the settings for the next frame."""
        wanted = self.match
        if wanted is not self._match_in_use:
            self._match_in_use = wanted
            self.loaded.recogniser.configure(wanted)
        if self._forget:
            self._last = None
            self._forget = False
            self.loaded.recogniser.reset()
            # Not earlier: pending frames were still matched with the frames before them.
            if self._wants_initial_pose:
                self._wants_initial_pose = False
                self._outputs.poses.request_initial_pose()
        return self.loaded.recogniser

    def _publish(self, match: Match, context: object) -> None:
        assert isinstance(context, _FrameContext)
        header = context.header
        turned = self.loaded.cameras[context.camera].turned
        self._last = LastMatch(match, stamp_ns(header), self.loaded, time.monotonic(), turned)
        follower = self.follower
        learner = self.learner
        wanted = follower is not None or learner is not None
        stamp, estimate = self._outputs.publish(header, match, wanted, turned)
        if follower is not None:
            follower(self.loaded, context.time_ns, match, estimate)
        if learner is not None and context.learnt is not None:
            learner.see(self._sighting(context.learnt, context, match, estimate))
        age = self._node.get_clock().now().nanoseconds - stamp_ns(header)
        self.statistics.add_result(match, context.travelled, age * 1e-9)
        shown = self.loaded.cameras[context.camera].map
        self._outputs.publish_views(stamp, header.frame_id, match, context.shown, shown)

    def _sighting(
        self, image: Image, context: _FrameContext, match: Match, estimate: PoseEstimate | None
    ) -> Sighting:
        """Return a frame as a learner takes it."""
        # Only here, and in no node that does not learn.
        from ...learning.learner import Sighting

        stamp = context.time_ns
        return Sighting(
            image,
            stamp,
            match,
            self.loaded.recogniser.light(context.camera),
            estimate.pose if estimate is not None else None,
            self.odometer.pose_at(stamp),
            self.odometer.restarts,
        )

    def _take_up_learnt(self) -> None:
        """Recognise new places from the next frame on, if there are some."""
        grown = self.learner.grown() if self.learner is not None else None
        if self.learner is None or grown is None:
            return
        started, last = time.monotonic(), self._last
        ((name, camera),) = self.loaded.cameras.items()
        recogniser = Recogniser({name: grown}, self._backend, self.match, self._any_size)
        cameras = {name: camera._replace(map=grown)}
        self.set_map(replace(self.loaded, recogniser=recogniser, cameras=cameras)).close()
        self._last = last
        self.learner.took(time.monotonic() - started)

    def _check_time_jump(self, stamp: int, frames: CameraFrames) -> None:
        """Forget earlier frames if the stamps jump back, as when a recording restarts."""
        back, frames.last_ns = frames.last_ns - stamp, stamp
        # A stamp of zero means that there is none.
        if stamp > 0 and back > _BACK:
            self.loaded.recogniser.reset()
            self._last = None
            self.odometer.rewind(stamp)
            self.statistics.add_jump(back * 1e-9)
            self._node.get_logger().warning(
                f'time stamps jumped back by {back * 1e-9:.1f} s: earlier frames are forgotten',
                throttle_duration_sec=_WARN_PERIOD,
            )

    def _note_failure(self, reason: str) -> None:
        # After a signal the context is invalid before the worker is stopped.
        if self._node.context.ok():
            self.statistics.add_failure(reason)
            self._node.get_logger().error(
                f'frame failed: {reason}', throttle_duration_sec=_WARN_PERIOD
            )

    def _note_bad(self, reason: str, camera: str) -> None:
        statistics = self.cameras[camera].statistics
        statistics.add_bad(reason)
        if statistics is not self.statistics:
            reason = f'{camera}: {reason}'
            self.statistics.add_bad(reason)
        unit = 'packet' if self.loaded.events else 'frame'
        self._node.get_logger().warning(
            f'bad {unit} skipped: {reason}', throttle_duration_sec=_WARN_PERIOD
        )
