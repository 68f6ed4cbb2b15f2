"""Message types by their names."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def message_class(name: str) -> Any:
    """Return the class of a message type like sensor_msgs/msg/Image; None: not installed."""
    package, _, kind = name.partition('/msg/')
    try:
        # A bag may name anything: what is no name of a package is not looked for.
        found = getattr(import_module(f'{package}.msg'), kind) if package.isidentifier() else None
    except (ImportError, AttributeError):
        return None
    return found if hasattr(found, 'get_fields_and_field_types') else None
