#!/usr/bin/env bash
# rosbags 0.11.9 (PyPI; NumPy 2.2.6): serialize_cdr writes big-endian arrays with their bytes swapped.
#
# Behaviour: serialize_cdr() copies the bytes of an array as they are in memory, in any byte order that
# its dtype names. A covariance that was read big-endian becomes numbers near 1e-319, in a message of the
# right length that every reader takes. serialize_ros1() of the same version converts the same array.
# Arrays of float32, whose elements have another size, are refused with an error.
#
# Output seen (covariance of PoseWithCovariance: the first element, and what is read again):
#   <f8: 0.25 written, by CDR 0.25, by ROS 1 0.25
#   >f8: 0.25 written, by CDR 2.6e-319, by ROS 1 0.25
#   the arrays are equal for NumPy: True, both of np.float64: True
#
# Why one would guess otherwise: the interface asks for np.ndarray of np.float64, which '>f8' is for
# NumPy and for type checkers; it equals the other array, computes like it, and the format of ROS 1
# gets it right. Big-endian arrays come from files that have that order, such as AEDAT 2.0 or FITS,
# with no hint but the dtype. A filter that gets such a covariance takes the pose for exact.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q rosbags==0.11.9 numpy==2.2.6

cat > look.py <<'PYTHON'
import numpy as np
from rosbags.typesys import Stores, get_typestore

NAME = 'geometry_msgs/msg/PoseWithCovariance'
store = get_typestore(Stores.ROS2_JAZZY)
types = store.types
pose = types['geometry_msgs/msg/Pose'](
    position=types['geometry_msgs/msg/Point'](x=1.0, y=2.0, z=3.0),
    orientation=types['geometry_msgs/msg/Quaternion'](x=0.0, y=0.0, z=0.0, w=1.0),
)
native = np.diag([0.25, 0.25, 0.25, 4.0, 4.0, 4.0]).ravel()
swapped = native.astype('>f8')
for kind, array in (('<f8', native), ('>f8', swapped)):
    message = types[NAME](pose=pose, covariance=array)
    cdr = store.deserialize_cdr(store.serialize_cdr(message, NAME), NAME).covariance
    ros1 = store.deserialize_ros1(store.serialize_ros1(message, NAME), NAME).covariance
    assert kind == '<f8' or (cdr == native.byteswap()).all(), 'the bytes are not swapped'
    print(f'{kind}: {array[0]:.3g} written, by CDR {cdr[0]:.2g}, by ROS 1 {ros1[0]:.2g}')
same_type = native.dtype.type is swapped.dtype.type is np.float64
print(
    f'the arrays are equal for NumPy: {np.array_equal(native, swapped)}, '
    f'both of np.float64: {same_type}'
)
PYTHON

cat > expected <<'TEXT'
<f8: 0.25 written, by CDR 0.25, by ROS 1 0.25
>f8: 0.25 written, by CDR 2.6e-319, by ROS 1 0.25
the arrays are equal for NumPy: True, both of np.float64: True
TEXT
env/bin/python look.py | tee found
diff expected found
