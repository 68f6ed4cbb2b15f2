"""The encoders of this package, as the entry points name them."""

from __future__ import annotations

from ..config import EncodingConfig
from ..errors import ConfigError
from .descriptor import DescriptorEncoder
from .encoder import Encoder
from .event_counts import EventEncoder
from .oriented import OrientedEncoder
from .pixels import PixelEncoder

_PIXELS_ONLY = ('width', 'height', 'patch', 'resize', 'tone', 'contrast')


def pixels(config: EncodingConfig, events: bool) -> Encoder:
    """
    Return VPRTempo's encoder, or its variant for event counts.

    :raises ConfigError: if a setting does not apply to that input.
    """
    if events:
        if config.resize == 'bilinear':
            raise ConfigError('encoding.resize: expected area or nth for events, found bilinear')
        return EventEncoder(config)
    for name, value in (('resize', 'nth'), ('contrast', 'none')):
        if getattr(config, name) == value:
            raise ConfigError(f'encoding.{name}: {value} is for events only')
    if config.tone:
        raise ConfigError(f'encoding.tone: {config.tone} is for events only; leave it empty')
    return PixelEncoder(config)


def oriented(config: EncodingConfig, events: bool) -> Encoder:
    """
    Return the encoder of oriented edges; event counts are encoded as grey values are.

    :raises ConfigError: if the settings do not fit each other.
    """
    _check_unused(config)
    return OrientedEncoder(config.oriented)


def descriptor(config: EncodingConfig, events: bool) -> Encoder:
    """
    Return the encoder that runs a neural network; event counts are shown to it as grey values.

    :raises ConfigError: if the network cannot be used, or settings do not fit.
    """
    _check_unused(config)
    return DescriptorEncoder(config.descriptor)


def _check_unused(config: EncodingConfig) -> None:
    """Refuse settings of encoder pixels, which would have no effect."""
    default = EncodingConfig()
    for name in _PIXELS_ONLY:
        found = getattr(config, name)
        if found != getattr(default, name):
            raise ConfigError(
                f'encoding.{name}: {found} applies to encoder pixels only, and encoding.encoder is '
                f'{config.encoder}; set encoding.encoder to pixels, or leave encoding.{name} out'
            )
