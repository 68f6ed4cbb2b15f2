"""The belief of a frame, similarity and confidence of every place, as a point cloud."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField

from ....arrays import bytes_of
from ....maps.layout import Layout

# Four bytes each, little-endian on every machine; float32 positions, as RViz expects.
_COLUMNS = {
    'x': '<f4',
    'y': '<f4',
    'z': '<f4',
    'place': '<u4',
    'similarity': '<f4',
    'confidence': '<f4',
}
_POINT = np.dtype(list(_COLUMNS.items()))
_FIELDS = [
    PointField(
        name=name,
        offset=4 * number,
        count=1,
        datatype=PointField.UINT32 if kind == '<u4' else PointField.FLOAT32,
    )
    for number, (name, kind) in enumerate(_COLUMNS.items())
]


class BeliefCloud:
    """The places of a map as a point cloud; positions are written once."""

    def __init__(self, layout: Layout) -> None:
        """Write the positions of the places."""
        self.frame_id = layout.frame_id
        self._points = np.zeros(len(layout.positions), _POINT)
        self._points['place'] = np.arange(len(layout.positions))
        for column, name in enumerate('xyz'):
            self._points[name] = layout.positions[:, column]
        self._dense = bool(np.isfinite(layout.positions).all())

    def message(
        self, similarity: NDArray[np.float32], confidence: NDArray[np.float32]
    ) -> PointCloud2:
        """Return the cloud of both, float32 (places,), in the map's coordinate frame, unstamped."""
        self._points['similarity'] = similarity
        self._points['confidence'] = confidence
        count = len(self._points)
        cloud = PointCloud2(
            height=1,
            width=count,
            fields=_FIELDS,
            is_bigendian=False,
            point_step=_POINT.itemsize,
            row_step=count * _POINT.itemsize,
            is_dense=self._dense,
        )
        cloud.header.frame_id = self.frame_id
        # bytes: rclpy copies other types element by element.
        cloud.data = self._points.tobytes()
        return cloud


def read_belief(cloud: PointCloud2) -> tuple[NDArray[np.float64], NDArray[np.float32]] | None:
    """
    Return positions, float64 (places, 3), and confidences, float32 (places,), of such a cloud.

    None if it is another kind of cloud.
    """
    names = [(field.name, field.offset, field.datatype) for field in cloud.fields]
    if (
        names != [(field.name, field.offset, field.datatype) for field in _FIELDS]
        or cloud.is_bigendian
        or cloud.point_step != _POINT.itemsize
        or len(cloud.data) != cloud.width * _POINT.itemsize
    ):
        return None
    points = bytes_of(cloud.data).view(_POINT)
    positions = np.stack([points[axis] for axis in 'xyz'], axis=1).astype(np.float64)
    return positions, np.nan_to_num(points['confidence'].clip(0.0, 1.0))
