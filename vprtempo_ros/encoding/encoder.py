"""
What an encoder is, and which one a configuration selects.

Encoders are found by the entry point group `vprtempo_ros.encoders`, so that another package can add
one: a callable that takes an `EncodingConfig` and whether images are event counts, and returns an
`Encoder`.
"""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

from ..arrays import Spikes
from ..config import EVENTS, EncodingConfig, TrainerConfig
from ..errors import ConfigError
from ..frames import Image
from ..support.plugins import load
from .profile import FitProfile

GROUP = 'vprtempo_ros.encoders'


class Encoder(Protocol):
    """
    Turns images into spikes.

    length: of the spike vector; profile: how the output layer is fitted to its spikes.
    """

    name: str
    length: int
    profile: FitProfile

    def __call__(self, image: Image) -> Spikes:
        """
        Return the spikes of an image, uint8 (length,); amplitude = value / 255.

        :raises ImageError: if the image cannot be encoded.
        """

    def mirrored(self, spikes: Spikes) -> Spikes:
        """Return the spikes uint8 (frames, length) of frames mirrored left to right."""


@runtime_checkable
class Compiles(Protocol):
    """An encoder that can be made faster, where that pays: for thousands of images."""

    def compile(self) -> None:
        """Return the same spikes faster from now on."""


class EncoderFactory(Protocol):
    """Makes an encoder."""

    def __call__(self, config: EncodingConfig, events: bool) -> Encoder:
        """
        Return an encoder for images of a camera, or of event counts.

        :raises ConfigError: if a setting does not apply to that input.
        """


def encoder_for(config: TrainerConfig) -> Encoder:
    """
    Return the encoder that a configuration selects.

    :raises ConfigError: if it is unknown, a library is missing, or a setting does not apply.
    """
    factory = load(GROUP, 'encoder', config.encoding.encoder, ConfigError)
    return cast(EncoderFactory, factory)(config.encoding, config.input.type == EVENTS)


def sensor_type(config: TrainerConfig) -> str:
    """Return the sensor type that a map records: events or camera."""
    return EVENTS if config.input.type == EVENTS else 'camera'
