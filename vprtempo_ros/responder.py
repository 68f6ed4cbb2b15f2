"""An image in, the response of each place out: encoder, standardisation and backend of a map."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from .arrays import Spikes
from .backends import create
from .backends.in_flight import InFlight
from .config import BackendConfig
from .encoding.adaptation import Adaptation
from .errors import ImageError
from .frames import Image, grey_image
from .maps.map import Map
from .statistics import Statistics

T = TypeVar('T')


class Responder(Generic[T]):
    """
    The encoder and the running network of a map, for one camera; T: tags of frames in flight.

    :raises BackendError: if the backend cannot be started.
    """

    def __init__(self, loaded: Map, backend: BackendConfig, any_size: bool) -> None:
        """Start the backend; any_size: accept images of other sizes."""
        self.map = loaded
        self._encoder = loaded.encoder
        self._adaptation = (
            Adaptation(loaded.pixel_statistics) if loaded.config.encoding.adapt else None
        )
        self._any_size = any_size
        self._size = loaded.image_size()
        # Last: a backend may consist of processes, which must not be left running.
        self.backend = create(loaded.network, backend)
        self.in_flight: InFlight[T] = InFlight(self.backend)

    def encode(self, image: Image) -> Spikes:
        """
        Return the spikes of an image as the network takes them, uint8 (inputs,).

        :raises ImageError: if its size differs from that of the map, or it has no contrast.
        """
        self.check_size(image)
        image.check_contrast()
        spikes = self._encoder(image)
        return spikes if self._adaptation is None else self._adaptation(spikes)

    def check_size(self, image: Image) -> None:
        """
        Check the size of an image.

        :raises ImageError: if it differs from that of the map, and any_size is off.
        """
        if (image.width, image.height) != self._size and not self._any_size:
            raise ImageError(
                f'expected {self._size[0]}x{self._size[1]} pixels as in the map, '
                f'found {image.width}x{image.height} (input.any_size accepts it)'
            )

    def continue_from(self, before: Responder[T]) -> None:
        """Go on in the light of earlier images, with another revision of the map."""
        if self._adaptation is not None and before._adaptation is not None:
            self._adaptation.continue_from(before._adaptation)

    @property
    def light(self) -> Statistics:
        """Statistics of the pixels on this drive so far; changes with each image."""
        if self._adaptation is None:
            return self.map.pixel_statistics
        return self._adaptation.statistics

    def close(self) -> None:
        """Stop the backend."""
        self.backend.close()

    def test_image(self) -> Image:
        """Return an image of the map's size with contrast."""
        ramp = np.arange(self._size[0] * self._size[1]).reshape(self._size[::-1])
        return grey_image(ramp.astype(np.uint8))

    def reset(self) -> None:
        """Forget the light of all earlier images."""
        if self._adaptation is not None:
            self._adaptation.reset()
