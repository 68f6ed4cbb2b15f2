"""A sky once round, for worlds without a ceiling."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.demo.textures import cloud

from .day import Light

ROWS, COLUMNS = 96, 720


def sky(seed: int, light: Light) -> NDArray[np.uint8]:
    """Return grey levels from the zenith down to the horizon, once round, uint8."""
    rng = np.random.default_rng((seed, 41, light.weather))
    up = 1.0 - np.arange(ROWS)[:, None] / ROWS
    seam = 60
    noise = cloud(rng, (ROWS, COLUMNS // 3 + seam), 32, 14, 6, 3)
    fade = np.linspace(0.0, 1.0, seam, dtype=np.float32)
    noise[:, :seam] = noise[:, :seam] * fade + noise[:, -seam:] * (1 - fade)
    clouds = np.asarray(
        cv2.resize(noise[:, :-seam], (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC)
    )
    clear = 225 - 75 * up**0.6
    cover = np.clip(1.2 - 1.5 * light.sunlight + 0.5 * clouds, 0.0, 1.0)
    tone = clear * (1 - cover) + (222 + 16 * clouds) * cover
    turn = np.arange(COLUMNS)[None, :] / COLUMNS * 2 * np.pi - np.pi
    near = np.cos(turn - light.sun_azimuth)
    tone = tone + 26 * light.sunlight * np.maximum(near, 0.0) ** 6  # bright around the sun
    level = 0.06 + 0.94 * light.daylight
    return np.clip(tone * level, 0, 255).astype(np.uint8)
