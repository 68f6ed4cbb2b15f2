"""Recorded transforms of /tf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from support.helpers import Record
from vprtempo_ros.sources.bag_writer import header
from vprtempo_ros.sources.cdr import typestore

TF = 'tf2_msgs/msg/TFMessage'
STILL = (0.0, 0.0, 0.0, 1.0)


def transform(stamp: int, parent: str, child: str, values: Sequence[float]) -> Any:
    """Return a TransformStamped of x, y, z and a quaternion; without one: not rotated."""
    types = typestore().types
    x, y, z, *q = map(float, values)
    parts = types['geometry_msgs/msg/Transform'](
        types['geometry_msgs/msg/Vector3'](x, y, z),
        types['geometry_msgs/msg/Quaternion'](*(q or STILL)),
    )
    return types['geometry_msgs/msg/TransformStamped'](header(stamp, parent), child, parts)


def sent(
    received: int,
    parent: str,
    child: str,
    values: Sequence[float],
    stamp: int | None = None,
    topic: str = '/tf',
) -> Record:
    """Return one transform as it is recorded; stamp: when it was received if it is None."""
    one = transform(received if stamp is None else stamp, parent, child, values)
    return Record(topic, TF, received, typestore().types[TF]([one]))
