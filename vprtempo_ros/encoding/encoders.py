"""The encoder for a configuration."""

from __future__ import annotations

from ..config import EVENTS, TrainerConfig
from ..errors import ConfigError
from .event_counts import EventEncoder
from .pixels import PixelEncoder


def encoder_for(config: TrainerConfig) -> PixelEncoder:
    """
    Return the encoder for the input of a configuration.

    :raises ConfigError: if a setting does not apply to that input.
    """
    encoding = config.encoding
    if config.input.type == EVENTS:
        if encoding.resize == 'bilinear':
            raise ConfigError('encoding.resize: expected area or nth for events, found bilinear')
        return EventEncoder(encoding)
    for name, value in (('resize', 'nth'), ('contrast', 'none')):
        if getattr(encoding, name) == value:
            raise ConfigError(f'encoding.{name}: {value} is for events only')
    if encoding.tone:
        raise ConfigError(f'encoding.tone: {encoding.tone} is for events only; leave it empty')
    return PixelEncoder(encoding)


def sensor_type(config: TrainerConfig) -> str:
    """Return the sensor type that a map records: events or camera."""
    return EVENTS if config.input.type == EVENTS else 'camera'
