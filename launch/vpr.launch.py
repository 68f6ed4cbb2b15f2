"""Recognise places on a robot: vpr_node with a map, on a topic of images or events."""

from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, the node and, if asked for, RViz."""
    share = FindPackageShare('vprtempo_ros')
    return LaunchDescription([
        DeclareLaunchArgument('map', description='Folder of the map that trainer_node wrote'),
        DeclareLaunchArgument('image', default_value='/camera/image_raw',
                              description='Camera topic, Image or CompressedImage'),
        DeclareLaunchArgument('events', default_value='/event_camera/events',
                              description='With input_type events: topic of EventPacket, or of '
                                          'EventArray with input.message: array'),
        DeclareLaunchArgument('input_type', default_value='image',
                              choices=['image', 'compressed', 'events'],
                              description='What the node listens to'),
        DeclareLaunchArgument('odom', default_value='/odom',
                              description='Odometry topic; it is heard if input.odometry is true'),
        DeclareLaunchArgument('namespace', default_value='', description='Namespace of the node'),
        DeclareLaunchArgument('use_sim_time', default_value='false', choices=['true', 'false'],
                              description='Take the time from /clock'),
        DeclareLaunchArgument('params_file',
                              default_value=PathJoinSubstitution([share, 'config', 'vpr.yaml']),
                              description='YAML file with all other parameters'),
        DeclareLaunchArgument('rviz', default_value='false', choices=['true', 'false'],
                              description='Open RViz'),
        Node(
            package='vprtempo_ros', executable='vpr_node', name='vpr_node',
            namespace=LaunchConfiguration('namespace'), output='screen',
            parameters=[LaunchConfiguration('params_file'), {
                'map': ParameterValue(LaunchConfiguration('map'), value_type=str),
                'input.type': ParameterValue(LaunchConfiguration('input_type'), value_type=str),
                'use_sim_time': ParameterValue(LaunchConfiguration('use_sim_time'),
                                               value_type=bool),
            }],
            remappings=[('image', LaunchConfiguration('image')),
                        ('events', LaunchConfiguration('events')),
                        ('odom', LaunchConfiguration('odom'))],
        ),
        Node(
            package='rviz2', executable='rviz2', name='rviz2', output='log',
            arguments=['-d', PathJoinSubstitution([share, 'rviz', 'vpr.rviz'])],
            parameters=[{'use_sim_time': ParameterValue(LaunchConfiguration('use_sim_time'),
                                                        value_type=bool)}],
            remappings=[('image', LaunchConfiguration('image'))],
            condition=IfCondition(LaunchConfiguration('rviz')),
        ),
    ])
