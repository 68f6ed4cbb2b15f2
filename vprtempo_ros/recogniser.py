"""From an image to an answer: what the node does with a frame, without ROS."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .backends import create
from .config import BackendConfig, MatchConfig
from .encoding import Encoder
from .errors import ImageError
from .frames import Image, grey_image
from .maps.map import Map
from .matching.match import Match, match


class Answer(NamedTuple):
    """The match of a frame and the similarities, float32 (places,), that it was made from."""

    match: Match
    similarity: NDArray[np.float32]


class Recogniser:
    """
    A map ready to be asked.

    :raises BackendError: if the backend cannot be started.
    """

    def __init__(self, loaded: Map, backend: BackendConfig, any_size: bool = False) -> None:
        """Start the backend with the map's network."""
        self.map = loaded
        self.backend = create(loaded.network, backend)
        self._encoder = Encoder(loaded.config.encoding)
        self._any_size = any_size
        self._size = (loaded.sensor['width'], loaded.sensor['height'])
        # The first use of each library is slow (its threads, its buffers): not on a live frame.
        ramp = np.arange(self._size[0] * self._size[1]).reshape(self._size[::-1]).astype(np.uint8)
        self.recognise(grey_image(ramp), MatchConfig())

    def recognise(self, image: Image, config: MatchConfig) -> Answer:
        """
        Return the answer for one image.

        :raises ImageError: if it is of another size than the map's, or shows nothing.
        """
        if (image.width, image.height) != self._size and not self._any_size:
            raise ImageError(f'expected {self._size[0]}x{self._size[1]} pixels as in the map, '
                             f'found {image.width}x{image.height} (input.any_size accepts it)')
        image.check_contrast()
        similarity = self.backend.similarity(self._encoder(image))
        return Answer(match(similarity, config), similarity)

    def close(self) -> None:
        """Stop the backend."""
        self.backend.close()
