"""What happens to a message in the worker's thread: from its bytes to the published answer."""

from __future__ import annotations

import time
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.time import Time

from ..config import MatchConfig
from ..errors import VprError
from ..frames import Image
from ..matching.odometry import Odometer
from ..matching.stages import Moment
from ..recogniser import Answer, Recogniser
from ..sources.cdr import read_message, stamp_ns
from ..sources.traverse import DECODERS
from .loading import LoadedMap
from .outputs import Outputs
from .statistics import FrameStatistics

# Warnings about bad messages come at most this often, in seconds.
_WARN_PERIOD = 5.0


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
        self.begin(odometry=False)

    def begin(self, odometry: bool) -> None:
        """Forget all that was before: wherever the robot was then, it need not be near."""
        self.loaded.recogniser.reset()
        self.odometer = Odometer()
        self.statistics = FrameStatistics(odometry, 'packet' if self.loaded.events else 'frame')
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
                    self._answer(header, image, started)
                    started = time.perf_counter()
            else:
                message = read_message(data, self.loaded.type_name)
                self._answer(message.header, DECODERS[self.loaded.type_name](message), started)
        except VprError as error:
            self._note_bad(str(error))
        except Exception as error:  # noqa: BLE001
            self._note_unexpected(error)

    def advance(self) -> bool:
        """Have a backend that answers later go on without a frame; tell whether it owes more."""
        try:
            recogniser = self._settled_recogniser()
            for tag, answer in recogniser.advance():
                self._publish(answer, *tag)
        except Exception as error:  # noqa: BLE001
            self._note_unexpected(error)
            return False
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

    def _answer(self, header: Any, image: Image, started: float) -> None:
        stamp = stamp_ns(header)
        way = self.odometer.travelled(stamp)
        answers = self._settled_recogniser().submit(
            image, Moment(stamp, way), (header, way, started, self._outputs.picture_of(image)))
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
        self, answer: Answer, header: Any, way: float | None, started: float, image: Image | None,
    ) -> None:
        stamp = self._outputs.publish(header, answer)
        clock = self._node.get_clock()
        age = clock.now() - Time.from_msg(stamp, clock_type=clock.clock_type)
        self.statistics.add_result(answer.match, way, age.nanoseconds * 1e-9,
                                   time.perf_counter() - started)
        self._outputs.publish_views(stamp, header.frame_id, answer, image)

    def _note_unexpected(self, error: Exception) -> None:
        # After a signal the context is gone before the worker is told to stop.
        if self._node.context.ok():
            self._note_bad(f'{type(error).__name__}: {error}')

    def _note_bad(self, reason: str) -> None:
        self.statistics.add_bad(reason)
        what = 'packet' if self.loaded.events else 'frame'
        self._node.get_logger().warning(f'bad {what} skipped: {reason}',
                                        throttle_duration_sec=_WARN_PERIOD)
