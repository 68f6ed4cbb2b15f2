"""
Recognise places on a robot: vpr_node with a map, on a topic of images or events.

Start the camera's driver with its own launch file, and give the topic that it publishes:

    ros2 launch realsense2_camera rs_launch.py
    ros2 launch vprtempo_ros vpr.launch.py map:=~/maps/office image:=/camera/camera/color/image_raw

Under a lifecycle manager start it with autostart:=false (docs/tutorials/nav2.md).
"""

from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, the node and, optionally, RViz and the live page."""
    share = FindPackageShare('vprtempo_ros')

    def value(name: str, kind: type) -> ParameterValue:
        return ParameterValue(LaunchConfiguration(name), value_type=kind)

    namespace = LaunchConfiguration('namespace')
    sim_time = {'use_sim_time': value('use_sim_time', bool)}
    return LaunchDescription(
        [
            DeclareLaunchArgument('map', description='Folder of the map that trainer_node wrote'),
            DeclareLaunchArgument(
                'image',
                default_value='/camera/image_raw',
                description='Camera topic, Image or CompressedImage',
            ),
            DeclareLaunchArgument(
                'events',
                default_value='/event_camera/events',
                description='With input_type events: topic of EventPacket, or of '
                'EventArray with message array',
            ),
            DeclareLaunchArgument(
                'input_type',
                default_value='image',
                choices=['image', 'compressed', 'events'],
                description='Message type of the input',
            ),
            DeclareLaunchArgument(
                'message',
                default_value='packet',
                choices=['packet', 'array'],
                description='With input_type events: packet is EventPacket, array is EventArray',
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
            Node(
                package='vprtempo_ros',
                executable='vpr_node',
                name='vpr_node',
                namespace=namespace,
                output='screen',
                parameters=[
                    LaunchConfiguration('params_file'),
                    {
                        'map': value('map', str),
                        'input.type': value('input_type', str),
                        'input.message': value('message', str),
                        'autostart': value('autostart', bool),
                        **sim_time,
                    },
                ],
                remappings=[
                    ('image', LaunchConfiguration('image')),
                    ('events', LaunchConfiguration('events')),
                    ('odom', LaunchConfiguration('odom')),
                    ('initialpose', LaunchConfiguration('initialpose')),
                ],
            ),
            Node(
                package='rviz2',
                executable='rviz2',
                name='rviz2',
                namespace=namespace,
                output='log',
                arguments=[
                    '-d',
                    PathJoinSubstitution([share, 'rviz', 'vpr.rviz']),
                    '-f',
                    LaunchConfiguration('fixed_frame'),
                ],
                parameters=[sim_time],
                remappings=[
                    ('image', LaunchConfiguration('image')),
                    ('initialpose', LaunchConfiguration('initialpose')),
                ],
                condition=IfCondition(LaunchConfiguration('rviz')),
            ),
            Node(
                package='vprtempo_ros',
                executable='view',
                name='view',
                namespace=namespace,
                output='screen',
                arguments=['--port', LaunchConfiguration('view_port')],
                parameters=[sim_time],
                condition=IfCondition(LaunchConfiguration('view')),
            ),
        ]
    )
