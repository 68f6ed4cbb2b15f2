"""Counting what was left out, by reason."""

from __future__ import annotations

import re
from collections import Counter

_NUMBER = re.compile(r'\d[\d.]*')
# Maximum number of different reasons; what comes after is counted as OTHER.
_MOST = 20
OTHER = 'other reasons'


class Reasons(Counter[str]):
    """
    How often each reason occurred.

    Reasons that differ in numbers only are one reason, with the numbers of its first occurrence.
    """

    def __init__(self) -> None:
        """Start without a reason."""
        super().__init__()
        self._first: dict[str, str] = {}

    def count(self, reason: str) -> None:
        """Count one occurrence."""
        kind = _NUMBER.sub('0', reason)
        if kind not in self._first and len(self._first) >= _MOST:
            reason = OTHER
        else:
            reason = self._first.setdefault(kind, reason)
        self[reason] += 1

    def clear(self) -> None:
        """Forget all reasons."""
        super().clear()
        self._first.clear()
