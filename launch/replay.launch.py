"""Replay a bag through vpr_node and show the matches."""

from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the processes; without `loop` all ends with the bag."""
    share = FindPackageShare('vprtempo_ros')
    profile = PathJoinSubstitution([share, 'config', 'fastdds_shm.xml'])
    arguments = [LaunchConfiguration('bag'), '--restamp', '--rate', LaunchConfiguration('rate')]
    return LaunchDescription([
        DeclareLaunchArgument('bag', description='Bag to replay'),
        DeclareLaunchArgument('map', description='Folder of the map that trainer_node wrote'),
        DeclareLaunchArgument('image', default_value='/camera/image_raw',
                              description='Camera topic in the bag'),
        DeclareLaunchArgument('events', default_value='/event_camera/events',
                              description='With input_type events: their topic'),
        DeclareLaunchArgument('input_type', default_value='image',
                              choices=['image', 'compressed', 'events'],
                              description='What the node listens to'),
        DeclareLaunchArgument('rate', default_value='1.0', description='Speed of the replay'),
        DeclareLaunchArgument('loop', default_value='false', choices=['true', 'false'],
                              description='Start again at the end of the bag'),
        DeclareLaunchArgument('rviz', default_value='false', choices=['true', 'false'],
                              description='Open RViz'),
        # Images through shared memory, see config/fastdds_shm.xml; what the user has set stays.
        SetEnvironmentVariable('FASTDDS_DEFAULT_PROFILES_FILE', EnvironmentVariable(
            'FASTDDS_DEFAULT_PROFILES_FILE', default_value=profile)),
        SetEnvironmentVariable('FASTRTPS_DEFAULT_PROFILES_FILE', EnvironmentVariable(
            'FASTRTPS_DEFAULT_PROFILES_FILE', default_value=profile)),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(PathJoinSubstitution([share, 'launch', 'vpr.launch.py'])),
            launch_arguments={name: LaunchConfiguration(name) for name in (
                'map', 'image', 'events', 'input_type', 'rviz')}.items()),
        Node(package='vprtempo_ros', executable='show_matches', name='show_matches',
             output='screen'),
        Node(package='vprtempo_ros', executable='replay', name='replay', output='screen',
             arguments=[*arguments, '--loop'], condition=IfCondition(LaunchConfiguration('loop'))),
        Node(package='vprtempo_ros', executable='replay', name='replay', output='screen',
             arguments=arguments, on_exit=Shutdown(),
             condition=UnlessCondition(LaunchConfiguration('loop'))),
    ])
