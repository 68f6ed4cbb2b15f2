"""Query image and matched place side by side, with place and confidence below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..frames import Image
from ..matching.match import Match

Pixels = NDArray[np.uint8]

# Width of each side and height of the caption, in pixels; the height of the images follows from
# the aspect ratio of the query.
_WIDTH, _CAPTION, _GAP = 320, 34, 4
_LOWEST, _HIGHEST = 80, 480
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.55
# Width for the confidence, in pixels.
_NUMBER = 56
_INK, _PALE, _GROUND = (235, 235, 235), (150, 150, 150), (28, 30, 34)


class SideBySide:
    """Composes pictures of queries and the thumbnails of a map."""

    def __init__(
        self, thumbnails: Sequence[bytes], labels: Mapping[int, str] | None = None
    ) -> None:
        """Set the thumbnails, a JPEG for each place, and names of places."""
        self._thumbnails, self._labels = thumbnails, labels or {}

    def compose(self, image: Image, match: Match) -> Pixels:
        """
        Return query and matched place as RGB uint8 (height, 644, 3), with a line of text below.

        The right half is empty for an unknown place or a thumbnail that cannot be decoded.
        """
        height = int(np.clip(round(_WIDTH * image.height / image.width), _LOWEST, _HIGHEST))
        picture = np.full((height + _CAPTION, 2 * _WIDTH + _GAP, 3), _GROUND, np.uint8)
        _place(picture, _colours(image, _WIDTH, height), 0)
        _write(picture, 'query', 8, _PALE)
        left = _WIDTH + _GAP
        if not len(match.places):
            _write(picture, 'unknown place', left + 8, _PALE)
            return picture
        place, confidence = int(match.places[0]), float(match.confidences[0])
        data = np.frombuffer(self._thumbnails[place], np.uint8)
        thumbnail = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if thumbnail is not None:
            shown = cv2.resize(thumbnail, (_WIDTH, height), interpolation=cv2.INTER_CUBIC)
            _place(picture, cv2.cvtColor(shown, cv2.COLOR_BGR2RGB), left)
        _write(picture, self._named(place), left + 8, _INK)
        _write(picture, f'{confidence:.2f}', 2 * _WIDTH + _GAP - _NUMBER, _INK)
        # A bar whose length is the confidence.
        length = round(confidence * (_WIDTH - 1))
        cv2.line(picture, (left, height + 2), (left + length, height + 2), (64, 200, 160), 3)
        return picture

    def _named(self, place: int) -> str:
        """Return the number of a place with its label, which is cut off where it does not fit."""
        label = self._labels.get(place, '')
        # The fonts of OpenCV have no other characters.
        if not label.isascii():
            label = ''
        text = f'place {place}: {label}' if label else f'place {place}'
        while cv2.getTextSize(text, _FONT, _SIZE, 1)[0][0] > _WIDTH - _NUMBER - 16:
            text = f'{text.removesuffix("...")[:-1]}...'
        return text


def _colours(image: Image, width: int, height: int) -> Pixels:
    """Return an image as RGB uint8 (height, width, 3); resized first, since that is cheapest."""
    image = image.coloured()
    pixels = image.pixels
    order = _channels(image.weights)
    if not order or pixels.dtype == np.float32:
        grey = cv2.resize(image.shown(), (width, height), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    if small.dtype == np.uint16:
        small = (small // 257).astype(np.uint8)
    return np.ascontiguousarray(small[..., order])


def _channels(weights: tuple[float, ...]) -> list[int]:
    """Return the indices of red, green and blue, from their weights in grey; empty for grey."""
    if len(weights) < 3:
        return []
    return [0, 1, 2] if weights[0] > weights[2] else [2, 1, 0]


def _place(picture: Pixels, part: Pixels, left: int) -> None:
    picture[: part.shape[0], left : left + part.shape[1]] = part


def _write(picture: Pixels, text: str, left: int, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, (left, picture.shape[0] - 10), _FONT, _SIZE, colour, 1, cv2.LINE_AA)
