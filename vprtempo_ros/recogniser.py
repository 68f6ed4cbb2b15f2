"""Recognising places without ROS: images in, matches out."""

from __future__ import annotations

from typing import Generator, Mapping, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Scores, Spikes
from .backends import Backend
from .config import BackendConfig, MatchConfig
from .errors import ImageError
from .frames import Image, grey_image
from .maps.cameras import check_same_places
from .maps.kept_places import kept_places
from .maps.map import Map
from .matching.match import Match
from .matching.matcher import ONE, JointMatch, Matcher
from .matching.stages import CameraState, FrameTiming
from .responder import Responder
from .statistics import Statistics


class Matched(NamedTuple):
    """A match with the tag of its image."""

    tag: object
    match: Match


Recognition = Generator[Spikes, Scores, JointMatch | None]
"""
A frame on its way: yields its spikes, is sent their similarity, returns the match.

Of several cameras it returns None while frames of others are to come.
"""


class _Pending(NamedTuple):
    recognition: Recognition
    camera: str
    tag: object


Picture = Image | NDArray[np.uint8]
"""An `Image`, or grey (height, width) or RGB (height, width, 3) uint8."""


class Recogniser:
    """
    A map that recognises places; it remembers earlier frames. Use it from one thread at a time.

    Several cameras have a map each, of the same places; their evidence makes one belief.

    :raises BackendError: if a backend cannot be started.
    :raises MapError: if the maps of several cameras are not of the same places.
    """

    def __init__(
        self,
        loaded: Map | Mapping[str, Map],
        backend: BackendConfig | None = None,
        match: MatchConfig | None = None,
        any_size: bool = False,
    ) -> None:
        """
        Start a backend for each map's network.

        :param loaded: a map, of one camera or several, or maps of cameras by their names.
        :param any_size: accept images of other sizes.
        """
        self._maps = loaded.cameras if isinstance(loaded, Map) else dict(loaded)
        check_same_places(self._maps)
        self.map = next(iter(self._maps.values()))
        self._matcher = self._new_matcher(match or MatchConfig())
        # The tag of the newest frame of each camera.
        self._tags: dict[str, object] = {}
        self._responders: dict[str, Responder[_Pending]] = {}
        try:
            for name, each in self._maps.items():
                self._responders[name] = Responder(each, backend or BackendConfig(), any_size)
            self._warm_up()
        except BaseException:
            self.close()
            raise

    @property
    def backend(self) -> Backend:
        """The backend, of several cameras that of the first."""
        return next(iter(self._responders.values())).backend

    def light(self, camera: str) -> Statistics:
        """Return the statistics of a camera's pixels on this drive; they change with each image."""
        return self._responders[camera].light

    @property
    def cameras(self) -> dict[str, CameraState]:
        """What is known of each of several cameras; empty with one."""
        return self._matcher.cameras

    def _recognition(self, image: Image, timing: FrameTiming, camera: str) -> Recognition:
        """
        Recognise one frame: all steps from an image to a match.

        The backend computes the similarity between `yield` and what follows, at once or, if it is
        a pipeline on a chip, while later frames are encoded.
        """
        similarity = yield self._responders[camera].encode(image)
        return self._matcher.add(camera, similarity, timing)

    def recognise(
        self, image: Picture | Mapping[str, Picture], timing: FrameTiming | None = None
    ) -> Match:
        """
        Return the match for the next image, or for one image of each of several cameras.

        :param image: of several cameras by name those that there are; one without contrast, as of
            a covered camera, is left out while there are others.
        :param timing: stamp and distance travelled; None: one place further along the route.
        :raises ImageError: if its size differs from that of the map, or it has no contrast.
        """
        encoded = self._encoded(image if isinstance(image, Mapping) else {ONE: image})
        similarities = {
            name: self._responders[name].backend.similarity(spikes)
            for name, spikes in encoded.items()
        }
        return self._matcher(similarities, timing or FrameTiming(0))

    def submit(
        self, image: Image, timing: FrameTiming, tag: object, camera: str = ONE
    ) -> list[Matched]:
        """
        Show the next image to the backend; return the matches that are ready, with their tags.

        A backend may return the match of an image only after later images or steps, and several
        cameras have one match together, which has the tag of one of its images.

        :param timing: its travelled is the way since the image before, of any camera.
        :param camera: of several ones.
        :raises ImageError: if its size differs from that of the map, or it has no contrast.
        """
        recognition = self._recognition(image, timing, camera)
        in_flight = self._responders[camera].in_flight
        pending = _Pending(recognition, camera, tag)
        return self._finish_all(in_flight.submit(next(recognition), pending))

    def advance(self) -> list[Matched]:
        """Run a step of the backend without an image; return the matches that are ready."""
        return [
            matched
            for responder in self._responders.values()
            for matched in self._finish_all(responder.in_flight.advance())
        ]

    @property
    def pending(self) -> int:
        """Number of images whose matches are not ready yet."""
        return sum(len(responder.in_flight) for responder in self._responders.values())

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
        for name, responder in self._responders.items():
            if name in before._responders:
                responder.continue_from(before._responders[name])

    def close(self) -> None:
        """Stop the backends."""
        for responder in self._responders.values():
            responder.close()

    def _warm_up(self) -> None:
        """Use every library once: the first call is slow and must not delay a live frame."""
        self.recognise({name: each.test_image() for name, each in self._responders.items()})
        for responder in self._responders.values():
            responder.reset()
        self._matcher.reset()

    def _new_matcher(self, match: MatchConfig) -> Matcher:
        statistics = {name: each.response_statistics for name, each in self._maps.items()}
        return Matcher(self.map.route(), statistics, self.map.calibration, match)

    def _encoded(self, images: Mapping[str, Picture]) -> dict[str, Spikes]:
        """Return the spikes of images by camera, without those that have no contrast."""
        found, reason = {}, 'expected an image of a camera, found none'
        for name, each in images.items():
            if name not in self._responders:
                wanted = ', '.join(self._responders) or 'one without a name'
                raise ImageError(f'expected images of the cameras {wanted}, found one of {name!r}')
            image = each if isinstance(each, Image) else grey_image(each)
            self._responders[name].check_size(image)
            try:
                found[name] = self._responders[name].encode(image)
            except ImageError as error:
                reason = str(error)
        if not found:
            raise ImageError(reason)
        return found

    def _finish_all(self, answered: list[tuple[_Pending, Scores]]) -> list[Matched]:
        found = []
        for pending, similarity in answered:
            self._tags[pending.camera] = pending.tag
            joined = _finish(pending.recognition, similarity)
            if joined is not None:
                found.append(Matched(self._tags[joined.camera], joined.match))
        return found


def _finish(recognition: Recognition, similarity: Scores) -> JointMatch | None:
    try:
        recognition.send(similarity)
    except StopIteration as end:
        result: JointMatch | None = end.value
        return result
    raise AssertionError('a recognition yields once')
