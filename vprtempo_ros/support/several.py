"""Numbers of things in messages."""

from __future__ import annotations


def several(count: int, what: str) -> str:
    """Return a number with what is counted, in the plural unless it is one."""
    return f'{count} {what}' + ('s' if count != 1 else '')
