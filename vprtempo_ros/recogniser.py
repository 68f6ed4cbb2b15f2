"""From an image to an answer: what the node does with a frame, without ROS."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .backends import create
from .backends.in_flight import InFlight
from .config import BackendConfig, MatchConfig
from .encoding.adaptation import Adaptation
from .encoding.encoders import encoder_for
from .errors import ImageError
from .frames import Image, grey_image
from .maps.map import Map
from .matching.match import Match
from .matching.matcher import Matcher
from .matching.stages import FrameTiming


class Answer(NamedTuple):
    """
    The match of a frame, and what it was made from.

    similarity: float32 (places,), what the network answers; scores: float32 (places,), what came
    of it with the other places and the frames before in view.
    """

    match: Match
    similarity: NDArray[np.float32]
    scores: NDArray[np.float32]


class Recogniser:
    """
    A map ready to be asked; it remembers the frames before. Not for several threads at a time.

    :raises BackendError: if the backend cannot be started.
    """

    def __init__(
        self, loaded: Map, backend: BackendConfig, match: MatchConfig, any_size: bool = False
    ) -> None:
        """Start the backend with the map's network."""
        self.map = loaded
        self._encoder = encoder_for(loaded.config)
        self._adaptation = (
            Adaptation(loaded.pixel_statistics) if loaded.config.encoding.adapt else None
        )
        self._any_size = any_size
        self._size = loaded.image_size()
        self._matcher = self._new_matcher(match)
        # Last: a backend may be processes, which must not be left behind.
        self.backend = create(loaded.network, backend)
        self._in_flight: InFlight[tuple[FrameTiming, Any]] = InFlight(self.backend)
        try:
            self._warm_up()
        except BaseException:
            self.backend.close()
            raise

    def _warm_up(self) -> None:
        """Use every library once: the first time is slow, and must not be on a live frame."""
        ramp = np.arange(self._size[0] * self._size[1]).reshape(self._size[::-1]).astype(np.uint8)
        self.recognise(grey_image(ramp), FrameTiming(0))
        if self._adaptation is not None:
            self._adaptation.reset()
        self._matcher.reset()

    def configure(self, match: MatchConfig) -> None:
        """Take other settings; other stages start without a memory of earlier frames."""
        if not self._matcher.adjust(match):
            self._matcher = self._new_matcher(match)

    def recognise(self, image: Image, timing: FrameTiming) -> Answer:
        """
        Return the answer for the next image.

        :raises ImageError: if it is of another size than the map's, or shows nothing.
        """
        return self._match(self.backend.similarity(self._encode(image)), timing)

    def submit(self, image: Image, timing: FrameTiming, tag: Any) -> list[tuple[Any, Answer]]:
        """
        Return the answers that come when the next image is shown, each with its image's tag.

        A backend may answer an image only when others, or steps without one, have followed.

        :raises ImageError: if it is of another size than the map's, or shows nothing.
        """
        return self._match_all(self._in_flight.show(self._encode(image), (timing, tag)))

    def advance(self) -> list[tuple[Any, Answer]]:
        """Let a backend that owes answers run a step without an image; return what comes."""
        return self._match_all(self._in_flight.advance())

    @property
    def owes(self) -> int:
        """How many images wait for their answers."""
        return len(self._in_flight)

    def _encode(self, image: Image) -> NDArray[np.uint8]:
        if (image.width, image.height) != self._size and not self._any_size:
            raise ImageError(
                f'expected {self._size[0]}x{self._size[1]} pixels as in the map, '
                f'found {image.width}x{image.height} (input.any_size accepts it)'
            )
        image.check_contrast()
        spikes = self._encoder(image)
        if self._adaptation is not None:
            spikes = self._adaptation(spikes)
        return spikes

    def _match(self, similarity: NDArray[np.float32], timing: FrameTiming) -> Answer:
        verdict = self._matcher(similarity, timing)
        return Answer(verdict.match, similarity, verdict.scores)

    def _match_all(
        self, answered: list[tuple[tuple[FrameTiming, Any], NDArray[np.float32]]]
    ) -> list[tuple[Any, Answer]]:
        return [(tag, self._match(similarity, timing)) for (timing, tag), similarity in answered]

    def confidences(self, answer: Answer) -> NDArray[np.float32]:
        """Return the confidence of every place, float32 (places,)."""
        return self._matcher.confidences(answer.scores)

    def reset(self) -> None:
        """Forget the way here; what the light is like stays known."""
        self._matcher.reset()

    def close(self) -> None:
        """Stop the backend."""
        self.backend.close()

    def _new_matcher(self, match: MatchConfig) -> Matcher:
        return Matcher(self.map.route(), self.map.response_statistics, self.map.calibration, match)
