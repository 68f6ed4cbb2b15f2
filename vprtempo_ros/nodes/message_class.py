"""Message types by their names."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def message_class(name: str) -> Any:
    """Return the class of a message type like sensor_msgs/msg/Image; None: not installed."""
    package, _, kind = name.partition('/msg/')
    try:
        return getattr(import_module(f'{package}.msg'), kind)
    except (ImportError, AttributeError):
        return None
