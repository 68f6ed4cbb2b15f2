"""Message classes by type name."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast


class MessageClass(Protocol):
    """The class of a ROS message."""

    @staticmethod
    def get_fields_and_field_types() -> dict[str, str]:
        """Return the types of the fields by name."""


def message_class(name: str) -> type[MessageClass] | None:
    """Return the class of a message type such as sensor_msgs/msg/Image; None: not installed."""
    package, _, kind = name.partition('/msg/')
    try:
        # A bag can contain any text as a type; what cannot be a package is not imported.
        found = getattr(import_module(f'{package}.msg'), kind) if package.isidentifier() else None
    except (ImportError, AttributeError):
        return None
    if not hasattr(found, 'get_fields_and_field_types'):
        return None
    return cast('type[MessageClass]', found)
