"""
Recognise places with an event camera: vpr_node with a map that was trained from events.

Start the camera's driver with its own launch file, and give the topic that it publishes:

    ros2 launch metavision_driver driver_node.launch.py
    ros2 launch vprtempo_ros events.launch.py map:=~/maps/office events:=/event_camera/events

Windows, polarity and all other settings for events are stored in the map (docs/events.md).
"""

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

# Arguments of vpr.launch.py that are passed on.
_PASSED_ON = (
    'map',
    'events',
    'message',
    'odom',
    'namespace',
    'autostart',
    'use_sim_time',
    'params_file',
    'initialpose',
    'rviz',
    'fixed_frame',
    'view',
    'view_port',
)


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and include vpr.launch.py with them."""
    share = FindPackageShare('vprtempo_ros')
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'map', description='Folder of a map that was trained from events'
            ),
            DeclareLaunchArgument(
                'events',
                default_value='/event_camera/events',
                description='Topic of the event camera',
            ),
            DeclareLaunchArgument(
                'message',
                default_value='packet',
                choices=['packet', 'array'],
                description='packet: event_camera_msgs/EventPacket; array: dvs_msgs/EventArray',
            ),
            DeclareLaunchArgument(
                'odom',
                default_value='/odom',
                description='Odometry topic, used if input.odometry is true',
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Namespace of the node'
            ),
            DeclareLaunchArgument(
                'autostart',
                default_value='true',
                choices=['true', 'false'],
                description='Configure and activate the node; false: left to a lifecycle manager',
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='false',
                choices=['true', 'false'],
                description='Use simulated time from /clock',
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value=PathJoinSubstitution([share, 'config', 'vpr.yaml']),
                description='YAML file with all other parameters',
            ),
            DeclareLaunchArgument(
                'initialpose',
                default_value='initialpose',
                description='Topic that ~/relocalize publishes a pose on, for AMCL /initialpose',
            ),
            DeclareLaunchArgument(
                'rviz', default_value='false', choices=['true', 'false'], description='Open RViz'
            ),
            DeclareLaunchArgument(
                'fixed_frame',
                default_value='map',
                description="RViz's fixed frame: that of the map's poses, often "
                'odom, or one with a transform to it',
            ),
            DeclareLaunchArgument(
                'view',
                default_value='false',
                choices=['true', 'false'],
                description='Serve the live page for a browser on this computer',
            ),
            DeclareLaunchArgument(
                'view_port', default_value='8765', description='Port of the live page'
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([share, 'launch', 'vpr.launch.py'])
                ),
                launch_arguments={
                    'input_type': 'events',
                    **{name: LaunchConfiguration(name) for name in _PASSED_ON},
                }.items(),
            ),
        ]
    )
