"""What happens to a message in the worker's thread: from its bytes to the published answer."""

from __future__ import annotations

import time
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.time import Time

from ..config import MatchConfig
from ..errors import BackendError, VprError
from ..frames import Image
from ..health.statistics import FrameStatistics
from ..matching.odometry import Odometer
from ..matching.stages import Moment
from ..recogniser import Answer, Recogniser
from ..sources.cdr import read_message, stamp_ns
from ..sources.traverse import DECODERS
from .loading import LoadedMap
from .outputs import Outputs

# Warnings about bad messages come at most this often, in seconds.
_WARN_PERIOD = 5.0

# Frames in the wrong order are not further apart than this, in ns: the clock was set back.
_BACK = 500_000_000


class Answering:
    """
    Answers messages with a loaded map; whatever is in them, no exception gets out.

    `process`, `advance` and `finish` belong to one thread at a time; `match`, the settings that
    hold from the next frame on, may be replaced from another one.
    """

    def __init__(self, node: LifecycleNode, loaded: LoadedMap, match: MatchConfig) -> None:
        """Make the topics of the answers."""
        self._node, self.loaded = node, loaded
        self._outputs = Outputs(node, loaded.recogniser, loaded.path)
        self.match = self._match_in_use = match
        self.begin()

    def begin(self) -> None:
        """Forget all that was before: wherever the robot was then, it need not be near."""
        self.loaded.recogniser.reset()
        self.odometer = Odometer()
        self.statistics = FrameStatistics()
        self._last_ns = 0
        if self.loaded.events:
            self.loaded.events.begin()

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
            recogniser = self._settled_recogniser()
            for tag, answer in recogniser.advance():
                self._publish(answer, *tag)
        except VprError as error:
            self._note_failure(str(error))
            return False
        except Exception as error:  # noqa: BLE001
            self._note_failure(f'{type(error).__name__}: {error}')
            return False
        self.statistics.add_work(time.perf_counter() - started)
        return recogniser.owes > 0

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
        stamp = stamp_ns(header)
        self._heed_clock(stamp)
        way = self.odometer.travelled(stamp)
        answers = self._settled_recogniser().submit(
            image, Moment(stamp, way), (header, way, self._outputs.picture_of(image)))
        self.odometer.keep()
        for tag, answer in answers:
            self._publish(answer, *tag)

    def _settled_recogniser(self) -> Recogniser:
        """Return the recogniser with the settings that hold from this frame on."""
        wanted = self.match
        if wanted is not self._match_in_use:
            self._match_in_use = wanted
            self.loaded.recogniser.configure(wanted)
        return self.loaded.recogniser

    def _publish(
        self, answer: Answer, header: Any, way: float | None, image: Image | None,
    ) -> None:
        stamp = self._outputs.publish(header, answer)
        clock = self._node.get_clock()
        age = clock.now() - Time.from_msg(stamp, clock_type=clock.clock_type)
        self.statistics.add_result(answer.match, way, age.nanoseconds * 1e-9)
        self._outputs.publish_views(stamp, header.frame_id, answer, image)

    def _heed_clock(self, stamp: int) -> None:
        """Forget the way here where stamps jump back, as when a recording starts again."""
        back, self._last_ns = self._last_ns - stamp, stamp
        # A stamp of zero is none.
        if stamp > 0 and back > _BACK:
            self.loaded.recogniser.reset()
            self.odometer.rewind(stamp)
            self.statistics.add_jump(back * 1e-9)
            self._node.get_logger().warning(
                f'stamps jumped back by {back * 1e-9:.1f} s: the frames before are forgotten',
                throttle_duration_sec=_WARN_PERIOD)

    def _note_failure(self, reason: str) -> None:
        # After a signal the context is gone before the worker is told to stop.
        if self._node.context.ok():
            self.statistics.add_failure(reason)
            self._node.get_logger().error(f'no answer: {reason}',
                                          throttle_duration_sec=_WARN_PERIOD)

    def _note_bad(self, reason: str) -> None:
        self.statistics.add_bad(reason)
        what = 'packet' if self.loaded.events else 'frame'
        self._node.get_logger().warning(f'bad {what} skipped: {reason}',
                                        throttle_duration_sec=_WARN_PERIOD)
