"""Which maps are large: their loops are compiled, those of others NumPy's."""

from __future__ import annotations

COMPILED_FROM = 20_000
"""Maps of this number of places or more use compiled loops: others stay in the cache."""


def is_large(places: int) -> bool:
    """Return whether compiled loops are worth the import of numba, which takes a second."""
    return places >= COMPILED_FROM
