"""
Teach a route while driving it: trainer_node listens until ~/finish is called.

    ros2 launch vprtempo_ros teach.launch.py map:=~/maps/office image:=/camera/image_raw by:=metres
    ros2 service call /trainer_node/start std_srvs/srv/Trigger
    ros2 service call /trainer_node/finish std_srvs/srv/Trigger
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.trainer import TEACH_ARGUMENTS, teacher


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and trainer_node, which runs until it is stopped."""
    return describe(__file__, TEACH_ARGUMENTS, teacher)
