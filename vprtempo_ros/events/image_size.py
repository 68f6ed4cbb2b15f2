"""The size of event-count images."""

from __future__ import annotations

from ..config import EventsConfig
from ..errors import ConfigError
from .packet import Size


def event_image_size(config: EventsConfig, width: int, height: int) -> Size:
    """
    Return width and height of the images from a sensor of this size.

    :raises ConfigError: if the region of interest is not within the sensor.
    """
    right = config.roi_x + (config.roi_width or width - config.roi_x)
    lower = config.roi_y + (config.roi_height or height - config.roi_y)
    if not (config.roi_x < right <= width and config.roi_y < lower <= height):
        raise ConfigError(
            f'input.events.roi_*: expected a region within {width}x{height} pixels, '
            f'found columns {config.roi_x} to {right - 1}, rows {config.roi_y} to '
            f'{lower - 1}'
        )
    planes = 2 if config.polarity == 'split' else 1
    return right - config.roi_x, (lower - config.roi_y) * planes
