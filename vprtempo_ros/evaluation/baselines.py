"""What any network must be measured against: template matching on the same pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spikes = NDArray[np.uint8]
Matrix = NDArray[np.float32]


def sad(queries: Spikes, references: Spikes) -> Matrix:
    """
    Return the negative sum of absolute differences, float32 (queries, places).

    :param queries: uint8 (queries, inputs).
    :param references: uint8 (places, inputs).
    """
    wide = references.astype(np.int16)
    return np.stack([-np.abs(wide - query.astype(np.int16)).sum(axis=1, dtype=np.int64)
                     for query in queries]).astype(np.float32)


def ncc(queries: Spikes, references: Spikes) -> Matrix:
    """Return the normalised cross-correlation, -1 to 1, float32 (queries, places)."""
    return _standardised(queries) @ _standardised(references).T


def _standardised(rows: Spikes) -> Matrix:
    centred = rows.astype(np.float32) - rows.mean(axis=1, keepdims=True, dtype=np.float32)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return centred / np.where(length > 0, length, 1.0).astype(np.float32)
