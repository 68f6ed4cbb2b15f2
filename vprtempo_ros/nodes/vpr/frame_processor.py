"""What happens to a message in the worker's thread: from its bytes to the published answer."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from rclpy.lifecycle import LifecycleNode
from rclpy.time import Time

from ...config import NodeConfig
from ...errors import BackendError, VprError
from ...events.packet import Size
from ...frames import Image
from ...health.statistics import FrameStatistics
from ...matching.match import Match
from ...matching.odometry import Odometer
from ...matching.stages import FrameTiming
from ...recogniser import Recogniser
from ...sources.cdr import read_message, stamp_ns
from ...sources.image_msg import DECODERS
from .loading import LoadedMap
from .outputs.outputs import Outputs

# Warnings about bad messages come at most this often, in seconds.
_WARN_PERIOD = 5.0

# Frames in the wrong order are not further apart than this, in ns: the clock was set back.
_BACK = 500_000_000


class _FrameContext(NamedTuple):
    """What is needed of a frame when its match is ready; image: only if it is to be shown."""

    header: Any
    travelled: float | None
    image: Image | None


class FrameProcessor:
    """
    Answers messages with a loaded map; whatever is in them, no exception gets out.

    `process`, `advance` and `finish` belong to one thread at a time; `match`, the settings that
    hold from the next frame on, may be replaced from another one.
    """

    def __init__(self, node: LifecycleNode, loaded: LoadedMap, config: NodeConfig) -> None:
        """Make the topics of the answers."""
        self._node, self.loaded = node, loaded
        self._outputs = Outputs(node, loaded.recogniser, loaded.path, config.pose)
        self.match = self._match_in_use = config.match
        self._forget = False
        self.begin()

    def begin(self) -> None:
        """Forget all that was before: wherever the robot was then, it need not be near."""
        self.loaded.recogniser.reset()
        self._forget = False
        self._seen: Size | None = None
        self.odometer = Odometer()
        self.statistics = FrameStatistics()
        self._last_ns = 0
        if self.loaded.events:
            self.loaded.events.begin()

    def set_map(self, loaded: LoadedMap) -> LoadedMap:
        """Answer with another map from the next message on; return the one that is left."""
        self.finish()
        left, self.loaded = self.loaded, loaded
        # Made with other settings than hold now, if these have just changed.
        loaded.recogniser.configure(self.match)
        self._match_in_use = self.match
        self._outputs.set_map(loaded.recogniser, loaded.path)
        return left

    def relocalize(self) -> tuple[bool, str]:
        """
        Forget the frames before the next one and publish the next pose on initialpose too.

        Return whether there will be one, and what happens in words. From any thread.
        """
        poses = self._outputs.poses
        self._forget = True
        if not poses.has_poses:
            return False, (
                f'the frames before are forgotten, but {self.loaded.path} has no poses: '
                f'nothing will be published on {poses.initial_topic}'
            )
        heard = poses.initial_listeners
        listeners = f'{heard} node(s) listen' if heard else 'nobody listens there now'
        return True, (
            'the frames before are forgotten; the next pose of a confidence of at least '
            f'{self.match.min_confidence:g} will be published once on '
            f'{poses.initial_topic} ({listeners})'
        )

    @property
    def seen(self) -> Size | None:
        """Width and height of the images, or the events' sensor, that came last."""
        return self.loaded.events.seen if self.loaded.events else self._seen

    @property
    def sequence_filter(self) -> str:
        """The name of the filter that the last answer was made with."""
        return self._match_in_use.sequence.filter

    def process(self, data: bytes) -> None:
        """Answer one message: an image, or each image that a packet of events completes."""
        started = time.perf_counter()
        try:
            if self.loaded.events:
                for header, image in self.loaded.events.images(data):
                    self._answer(header, image)
            else:
                message = read_message(data, self.loaded.type_name)
                self._answer(message.header, DECODERS[self.loaded.type_name](message))
        except BackendError as error:
            self._note_failure(str(error))
        except VprError as error:
            self._note_bad(str(error))
        except Exception as error:  # noqa: BLE001
            self._note_failure(f'{type(error).__name__}: {error}')
        self.statistics.add_work(time.perf_counter() - started)

    def advance(self) -> bool:
        """Have a backend that answers later go on without a frame; tell whether it owes more."""
        started = time.perf_counter()
        try:
            recogniser = self._configured_recogniser()
            for tag, match in recogniser.advance():
                self._publish(match, tag)
        except VprError as error:
            self._note_failure(str(error))
            return False
        except Exception as error:  # noqa: BLE001
            self._note_failure(f'{type(error).__name__}: {error}')
            return False
        self.statistics.add_work(time.perf_counter() - started)
        return recogniser.pending > 0

    def finish(self) -> None:
        """Answer what was taken, if late."""
        while self.advance():
            pass

    def rest(self) -> None:
        """Take away what would look as if the node still answered."""
        self._outputs.rest()

    def close(self) -> None:
        """Take the topics away and release the map."""
        self._outputs.destroy()
        self.loaded.close()

    def _answer(self, header: Any, image: Image) -> None:
        self._seen = (image.width, image.height)
        stamp = stamp_ns(header)
        self._check_time_jump(stamp)
        travelled = self.odometer.travelled(stamp)
        matched = self._configured_recogniser().submit(
            image,
            FrameTiming(stamp, travelled),
            _FrameContext(header, travelled, self._outputs.picture_of(image)),
        )
        self.odometer.keep()
        for tag, match in matched:
            self._publish(match, tag)

    def _configured_recogniser(self) -> Recogniser:
        """Return the recogniser with the settings that hold from this frame on."""
        wanted = self.match
        if wanted is not self._match_in_use:
            self._match_in_use = wanted
            self.loaded.recogniser.configure(wanted)
        if self._forget:
            self._forget = False
            self.loaded.recogniser.reset()
            # Not before: a frame under way still goes by what was before it.
            self._outputs.poses.ask()
        return self.loaded.recogniser

    def _publish(self, match: Match, context: object) -> None:
        assert isinstance(context, _FrameContext)
        header = context.header
        stamp = self._outputs.publish(header, match)
        clock = self._node.get_clock()
        age = clock.now() - Time.from_msg(stamp, clock_type=clock.clock_type)
        self.statistics.add_result(match, context.travelled, age.nanoseconds * 1e-9)
        self._outputs.publish_views(stamp, header.frame_id, match, context.image)

    def _check_time_jump(self, stamp: int) -> None:
        """Forget the way here where stamps jump back, as when a recording starts again."""
        back, self._last_ns = self._last_ns - stamp, stamp
        # A stamp of zero is none.
        if stamp > 0 and back > _BACK:
            self.loaded.recogniser.reset()
            self.odometer.rewind(stamp)
            self.statistics.add_jump(back * 1e-9)
            self._node.get_logger().warning(
                f'stamps jumped back by {back * 1e-9:.1f} s: the frames before are forgotten',
                throttle_duration_sec=_WARN_PERIOD,
            )

    def _note_failure(self, reason: str) -> None:
        # After a signal the context is gone before the worker is told to stop.
        if self._node.context.ok():
            self.statistics.add_failure(reason)
            self._node.get_logger().error(
                f'no answer: {reason}', throttle_duration_sec=_WARN_PERIOD
            )

    def _note_bad(self, reason: str) -> None:
        self.statistics.add_bad(reason)
        what = 'packet' if self.loaded.events else 'frame'
        self._node.get_logger().warning(
            f'bad {what} skipped: {reason}', throttle_duration_sec=_WARN_PERIOD
        )
