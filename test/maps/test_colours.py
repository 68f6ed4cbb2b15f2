"""Encoders of other packages that use colours."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.helpers import tiny_config

from vprtempo_ros.arrays import Spikes
from vprtempo_ros.config import EncodingConfig
from vprtempo_ros.encoding import encoder
from vprtempo_ros.encoding.profile import POOLED, FitProfile
from vprtempo_ros.frames import BGR, Image
from vprtempo_ros.maps.building import build_map

seen: set[tuple[float, ...]] = set()


class Colours:
    """The mean colour of each of 4x4 parts."""

    name, length = 'colours', 48
    profile: FitProfile = POOLED._replace(colours=True)

    def __call__(self, image: Image) -> Spikes:
        seen.add(image.weights)
        return np.asarray(cv2.resize(image.pixels, (4, 4), interpolation=cv2.INTER_AREA)).reshape(
            -1
        )

    def mirrored(self, spikes: Spikes) -> Spikes:
        return spikes[:, ::-1]


def test_augmented_images_of_jpegs_have_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All images that the encoder gets, also those that are made from the recorded ones."""
    monkeypatch.setattr(encoder, 'load', lambda *_: lambda config, events: Colours())
    rng = np.random.default_rng(0)
    folder = tmp_path / 'images'
    folder.mkdir()
    for number in range(6):
        pixels = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (64, 48))
        assert cv2.imwrite(str(folder / f'{number}.jpg'), pixels)
    config = tiny_config(folder)
    config.encoding = EncodingConfig(encoder='colours')
    config.training.augment = True
    seen.clear()
    assert len(build_map(config).places) == 6
    assert seen == {BGR}
