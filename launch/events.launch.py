"""
Recognise places with an event camera: vpr_node with a map that was trained from events.

Start the camera's driver with its own launch file, and give the topic that it publishes:

    ros2 launch metavision_driver driver_node.launch.py
    ros2 launch vprtempo_ros events.launch.py map:=~/maps/office events:=/event_camera/events

Windows, polarity and all other settings for events are stored in the map (docs/events.md).
"""

from launch import LaunchDescription
from vprtempo_ros.launching import describe
from vprtempo_ros.launching.recogniser import EVENT_ARGUMENTS, event_recogniser


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and vpr_node for an event camera."""
    return describe(__file__, EVENT_ARGUMENTS, event_recogniser)
