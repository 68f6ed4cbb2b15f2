"""
Recognise places with several cameras of one robot: one vpr_node, one match from all of them.

The map is made in one go by train.launch.py with cameras:='front rear'. Then

    ros2 launch vprtempo_ros multi_camera.launch.py cameras:='front rear' map:=~/maps/office

subscribes to /front/image_raw and /rear/image_raw, and publishes /vpr_node/match.
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.recogniser import CAMERA_ARGUMENTS, joint_recogniser


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and vpr_node and, as asked for, RViz and the live page."""
    return describe(__file__, CAMERA_ARGUMENTS, joint_recogniser)
