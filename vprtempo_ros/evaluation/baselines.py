"""Baselines: template matching on the same encoded pixels."""

from __future__ import annotations

import cv2
import numpy as np

from ..arrays import Floats, Scores, Spikes


class Sad:
    """Negative sum of absolute differences, with the interface of a backend."""

    name = 'SAD'

    def __init__(self, references: Spikes) -> None:
        """Set the templates: the spikes of the places, uint8 (places, inputs)."""
        self._references = np.ascontiguousarray(references)
        self.places = len(references)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for the spikes uint8 (inputs,) of a frame."""
        differences = cv2.absdiff(self._references, np.broadcast_to(spikes, self._references.shape))
        sums = cv2.reduce(differences, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
        return -sums[:, 0].astype(np.float32)

    def close(self) -> None:
        """Do nothing: there is only memory to release."""


class Ncc:
    """Normalised cross-correlation, -1 to 1, with the interface of a backend."""

    name = 'NCC'

    def __init__(self, references: Spikes) -> None:
        """Set the templates: the spikes of the places, uint8 (places, inputs)."""
        self._references = _standardised(references)
        self.places = len(references)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for the spikes uint8 (inputs,) of a frame."""
        return self._references @ _standardised(spikes[np.newaxis])[0]

    def close(self) -> None:
        """Do nothing: there is only memory to release."""


def sad(queries: Spikes, references: Spikes) -> Scores:
    """
    Return the negative sum of absolute differences, float32 (queries, places).

    :param queries: uint8 (queries, inputs).
    :param references: uint8 (places, inputs).
    """
    templates = Sad(references)
    return np.stack([templates.similarity(query) for query in queries])


def ncc(queries: Spikes, references: Spikes) -> Scores:
    """Return the normalised cross-correlation, -1 to 1, float32 (queries, places)."""
    return _standardised(queries) @ _standardised(references).T


def _standardised(rows: Spikes) -> Floats:
    centred = rows.astype(np.float32) - rows.mean(axis=1, keepdims=True, dtype=np.float32)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return centred / np.where(length > 0, length, 1.0).astype(np.float32)
