"""
Recognise places with several cameras: a vpr_node for each, in a namespace of its name.

Each is a process with its own map; they share odometry and clock:

    ros2 launch vprtempo_ros multi_camera.launch.py cameras:='front rear' maps:=~/maps

subscribes to /front/image_raw and /rear/image_raw, loads ~/maps/front and ~/maps/rear, and
publishes /front/vpr_node/match and /rear/vpr_node/match.
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.recogniser import CAMERA_ARGUMENTS, recognisers


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and a vpr_node for each camera."""
    return describe(__file__, CAMERA_ARGUMENTS, recognisers)
