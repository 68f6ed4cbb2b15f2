"""
Build a map from recorded traverses of a route.

    ros2 launch vprtempo_ros train.launch.py bags:=monday map:=~/maps/office by:=metres
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.trainer import ARGUMENTS, trainer


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and trainer_node, with which launch ends."""
    return describe(__file__, ARGUMENTS, trainer)
