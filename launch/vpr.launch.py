"""
Recognise places on a robot: vpr_node with a map, on a topic of images or events.

Start the camera's driver with its own launch file, and give the topic that it publishes:

    ros2 launch realsense2_camera rs_launch.py
    ros2 launch vprtempo_ros vpr.launch.py map:=~/maps/office image:=/camera/camera/color/image_raw

Under a lifecycle manager start it with autostart:=false (docs/tutorials/nav2.md).
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.recogniser import ARGUMENTS, recogniser


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and vpr_node and, as asked for, RViz and the live page."""
    return describe(__file__, ARGUMENTS, recogniser)
