"""
Replay a bag with `ros2 bag play` and show the matches, in the terminal and in RViz.

All nodes use the bag's time, published on /clock.

    ros2 launch vprtempo_ros replay.launch.py bag:=tuesday map:=~/maps/office rviz:=true
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.replaying import ARGUMENTS, replaying


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and the nodes and the player."""
    return describe(__file__, ARGUMENTS, replaying)
