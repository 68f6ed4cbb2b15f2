"""Recognising places without ROS: an image in, a match out."""

from __future__ import annotations

from typing import Generator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .backends import create
from .backends.in_flight import InFlight
from .config import BackendConfig, MatchConfig
from .encoding.adaptation import Adaptation
from .errors import ImageError
from .frames import Image, grey_image
from .maps.kept_places import kept_places
from .maps.map import Map
from .matching.match import Match
from .matching.matcher import Matcher
from .matching.stages import FrameTiming, Scores

Recognition = Generator[NDArray[np.uint8], Scores, Match]
"""A frame on its way: yields its spikes, is sent their similarity, returns the match."""


class Matched(NamedTuple):
    """A match with the tag of its image."""

    tag: object
    match: Match


class _Pending(NamedTuple):
    recognition: Recognition
    tag: object


class Recogniser:
    """
    A map that recognises places; it remembers earlier frames. Use it from one thread at a time.

    :raises BackendError: if the backend cannot be started.
    """

    def __init__(
        self,
        loaded: Map,
        backend: BackendConfig | None = None,
        match: MatchConfig | None = None,
        any_size: bool = False,
    ) -> None:
        """Start the backend with the map's network; any_size: accept images of other sizes."""
        self.map = loaded
        self._encoder = loaded.encoder
        self._adaptation = (
            Adaptation(loaded.pixel_statistics) if loaded.config.encoding.adapt else None
        )
        self._any_size = any_size
        self._size = loaded.image_size()
        self._matcher = self._new_matcher(match or MatchConfig())
        # Last: a backend may consist of processes, which must not be left running.
        self.backend = create(loaded.network, backend or BackendConfig())
        self._in_flight: InFlight[_Pending] = InFlight(self.backend)
        try:
            self._warm_up()
        except BaseException:
            self.backend.close()
            raise

    def _recognition(self, image: Image, timing: FrameTiming) -> Recognition:
        """
        Recognise one frame: all steps from an image to a match.

        The backend computes the similarity between `yield` and what follows, at once or, if it is
        a pipeline on a chip, while later frames are encoded.
        """
        self._check(image)
        spikes = self._encoder(image)
        if self._adaptation is not None:
            spikes = self._adaptation(spikes)
        similarity = yield spikes
        normalised = self._matcher.normalise(similarity, timing)
        scores = self._matcher.filter(normalised, timing)
        belief = self._matcher.confidences(similarity, normalised, scores)
        return self._matcher.best(similarity, scores, belief)

    def recognise(
        self, image: Image | NDArray[np.uint8], timing: FrameTiming | None = None
    ) -> Match:
        """
        Return the match for the next image.

        :param image: an `Image`, or grey (height, width) or RGB (height, width, 3) uint8.
        :param timing: stamp and distance travelled; None: one place further along the route.
        :raises ImageError: if its size differs from that of the map, or it has no contrast.
        """
        if not isinstance(image, Image):
            image = grey_image(image)
        recognition = self._recognition(image, timing or FrameTiming(0))
        return _finish(recognition, self.backend.similarity(next(recognition)))

    def submit(self, image: Image, timing: FrameTiming, tag: object) -> list[Matched]:
        """
        Show the next image to the backend; return the matches that are ready, with their tags.

        A backend may return the match of an image only after later images or steps.

        :raises ImageError: if its size differs from that of the map, or it has no contrast.
        """
        recognition = self._recognition(image, timing)
        return _finish_all(self._in_flight.submit(next(recognition), _Pending(recognition, tag)))

    def advance(self) -> list[Matched]:
        """Run a step of the backend without an image; return the matches that are ready."""
        return _finish_all(self._in_flight.advance())

    @property
    def pending(self) -> int:
        """Number of images whose matches are not ready yet."""
        return len(self._in_flight)

    def configure(self, match: MatchConfig) -> None:
        """Use other settings; a changed sequence filter starts without memory."""
        if not self._matcher.adjust(match):
            self._matcher = self._new_matcher(match)

    def reset(self) -> None:
        """Forget earlier frames; the statistics of the pixels are kept, as the light is."""
        self._matcher.reset()

    def continue_from(self, before: Recogniser) -> None:
        """
        Go on as `before`, with another revision of its map: belief in places that are the same.

        Without effect if none is, or if frames are encoded differently.
        """
        source = kept_places(before.map, self.map)
        if (source < 0).all():
            return
        self._matcher.continue_from(before._matcher, source)
        if self._adaptation is not None and before._adaptation is not None:
            self._adaptation.continue_from(before._adaptation)

    def close(self) -> None:
        """Stop the backend."""
        self.backend.close()

    def _check(self, image: Image) -> None:
        if (image.width, image.height) != self._size and not self._any_size:
            raise ImageError(
                f'expected {self._size[0]}x{self._size[1]} pixels as in the map, '
                f'found {image.width}x{image.height} (input.any_size accepts it)'
            )
        image.check_contrast()

    def _warm_up(self) -> None:
        """Use every library once: the first call is slow and must not delay a live frame."""
        ramp = np.arange(self._size[0] * self._size[1]).reshape(self._size[::-1]).astype(np.uint8)
        self.recognise(ramp)
        if self._adaptation is not None:
            self._adaptation.reset()
        self._matcher.reset()

    def _new_matcher(self, match: MatchConfig) -> Matcher:
        return Matcher(self.map.route(), self.map.response_statistics, self.map.calibration, match)


def _finish(recognition: Recognition, similarity: Scores) -> Match:
    try:
        recognition.send(similarity)
    except StopIteration as end:
        result: Match = end.value
        return result
    raise AssertionError('a recognition yields once')


def _finish_all(answered: list[tuple[_Pending, Scores]]) -> list[Matched]:
    return [
        Matched(pending.tag, _finish(pending.recognition, similarity))
        for pending, similarity in answered
    ]
