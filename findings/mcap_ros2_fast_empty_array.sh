#!/usr/bin/env bash
# mcap-ros2-support-fast 0.8.0 (PyPI; rosbags 0.11.9, mcap 1.6.0): what follows an empty array is misread.
#
# Behaviour: after an array of messages, the decoder assumes that the place in the bytes has the alignment
# of the elements, where there were none, too. An array of poses or hypotheses that is empty ends after
# its length of 4 bytes; a float64 that follows is then read 4 bytes early, and all after it, unless the
# length happened to end at a multiple of 8, which the length of frame_id decides. The encoder writes the
# same fault into files: other readers misread them, and this one reads them back right.
#
# Output seen (vision_msgs/Detection2D, a box 50 wide and 80 high at 320 240, track 7, frame "cam" or "lens_"):
#   1 hypothesis, cam: 320.0 240.0 50.0 80.0, by mcap-ros2-support 320.0 240.0 50.0 80.0
#   no hypotheses, cam: 0.0 0.0 0.0 0.0, by mcap-ros2-support 320.0 240.0 50.0 80.0
#   no hypotheses, lens_: 320.0 240.0 50.0 80.0, by mcap-ros2-support 320.0 240.0 50.0 80.0
#   no hypotheses, cam, written: 70 bytes, by rosbags 74 bytes
#
# Why one would guess otherwise: it is a faster way to the same messages as mcap-ros2-support, the type is
# one of common packages, and boxes without a class, as trackers and motion detectors give, are what an
# empty array is for. There is an error only where bytes run out; boxes near zero look like no detection,
# and in recordings of another camera, with a longer name, all is well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q mcap-ros2-support-fast==0.8.0 ros-parser==0.9.0 mcap-ros2-support==0.6.0 \
    mcap==1.6.0 rosbags==0.11.9 numpy==2.4.6

cat > look.py <<'PYTHON'
import numpy as np
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory as OtherFactory
from mcap_ros2_support_fast import DecoderFactory, ROS2EncoderFactory
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

NAME = 'vision_msgs/msg/Detection2D'
TEXT = 'std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n'
TEXT += 'vision_msgs/BoundingBox2D bbox\nstring id\n'
for name, fields in {
    'std_msgs/Header': 'builtin_interfaces/Time stamp\nstring frame_id\n',
    'builtin_interfaces/Time': 'int32 sec\nuint32 nanosec\n',
    'vision_msgs/ObjectHypothesisWithPose': 'vision_msgs/ObjectHypothesis hypothesis\n'
    'geometry_msgs/PoseWithCovariance pose\n',
    'vision_msgs/ObjectHypothesis': 'string class_id\nfloat64 score\n',
    'geometry_msgs/PoseWithCovariance': 'geometry_msgs/Pose pose\nfloat64[36] covariance\n',
    'geometry_msgs/Pose': 'geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation\n',
    'geometry_msgs/Point': 'float64 x\nfloat64 y\nfloat64 z\n',
    'geometry_msgs/Quaternion': 'float64 x\nfloat64 y\nfloat64 z\nfloat64 w\n',
    'vision_msgs/BoundingBox2D': 'vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n',
    'vision_msgs/Pose2D': 'vision_msgs/Point2D position\nfloat64 theta\n',
    'vision_msgs/Point2D': 'float64 x\nfloat64 y\n',
}.items():
    TEXT += '=' * 80 + f'\nMSG: {name}\n{fields}'
SCHEMA = Schema(id=1, name=NAME, encoding='ros2msg', data=TEXT.encode())
store = get_typestore(Stores.EMPTY)
store.register(get_types_from_msg(TEXT, NAME))


def make(package, name, *values):
    return store.types[f'{package}/msg/{name}'](*values)


def detection(hypotheses, frame):
    pose = make(
        'geometry_msgs',
        'Pose',
        make('geometry_msgs', 'Point', 0.0, 0.0, 0.0),
        make('geometry_msgs', 'Quaternion', 0.0, 0.0, 0.0, 1.0),
    )
    hypothesis = make(
        'vision_msgs',
        'ObjectHypothesisWithPose',
        make('vision_msgs', 'ObjectHypothesis', 'tram', 0.75),
        make('geometry_msgs', 'PoseWithCovariance', pose, np.zeros(36)),
    )
    place = make('vision_msgs', 'Pose2D', make('vision_msgs', 'Point2D', 320.0, 240.0), 0.0)
    return make(
        'vision_msgs',
        'Detection2D',
        make('std_msgs', 'Header', make('builtin_interfaces', 'Time', 1, 2), frame),
        [hypothesis] * hypotheses,
        make('vision_msgs', 'BoundingBox2D', place, 50.0, 80.0),
        '7',
    )


def box(factory, data):
    found = factory().decoder_for('cdr', SCHEMA)(data).bbox
    place = found.center.position
    return ' '.join(f'{value:.1f}' for value in (place.x, place.y, found.size_x, found.size_y))


for count, words, frame in (
    (1, '1 hypothesis', 'cam'),
    (0, 'no hypotheses', 'cam'),
    (0, 'no hypotheses', 'lens_'),
):
    data = bytes(store.serialize_cdr(detection(count, frame), NAME))
    print(
        f'{words}, {frame}: {box(DecoderFactory, data)}, '
        f'by mcap-ros2-support {box(OtherFactory, data)}'
    )
message = detection(0, 'cam')
written = bytes(ROS2EncoderFactory().encoder_for(SCHEMA)(message))
print(
    f'no hypotheses, cam, written: {len(written)} bytes, '
    f'by rosbags {len(store.serialize_cdr(message, NAME))} bytes'
)
assert box(DecoderFactory, written) == '320.0 240.0 50.0 80.0', 'no longer reads its own'
PYTHON

cat > expected <<'TEXT'
1 hypothesis, cam: 320.0 240.0 50.0 80.0, by mcap-ros2-support 320.0 240.0 50.0 80.0
no hypotheses, cam: 0.0 0.0 0.0 0.0, by mcap-ros2-support 320.0 240.0 50.0 80.0
no hypotheses, lens_: 320.0 240.0 50.0 80.0, by mcap-ros2-support 320.0 240.0 50.0 80.0
no hypotheses, cam, written: 70 bytes, by rosbags 74 bytes
TEXT
env/bin/python look.py | tee found
diff expected found
