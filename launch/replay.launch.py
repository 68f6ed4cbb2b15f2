"""
Replay a bag with `ros2 bag play` and show the matches, in the terminal and in RViz.

All nodes use the bag's time, published on /clock.

    ros2 launch vprtempo_ros replay.launch.py bag:=tuesday map:=~/maps/office rviz:=true
"""

from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
    Shutdown,
    TimerAction,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

# Arguments of vpr.launch.py that are passed on.
_PASSED_ON = (
    'map',
    'image',
    'events',
    'input_type',
    'message',
    'odom',
    'namespace',
    'use_sim_time',
    'params_file',
    'initialpose',
    'rviz',
    'fixed_frame',
    'view',
    'view_port',
)


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the processes; without `loop` launch ends with the bag."""
    share = FindPackageShare('vprtempo_ros')
    profile = PathJoinSubstitution([share, 'config', 'fastdds_shm.xml'])
    play = [
        'ros2',
        'bag',
        'play',
        LaunchConfiguration('bag'),
        '--clock',
        '100',
        '--rate',
        LaunchConfiguration('rate'),
    ]
    looping = LaunchConfiguration('loop')
    return LaunchDescription(
        [
            DeclareLaunchArgument('bag', description='Bag to replay'),
            DeclareLaunchArgument('map', description='Folder of the map that trainer_node wrote'),
            DeclareLaunchArgument(
                'image', default_value='/camera/image_raw', description='Camera topic in the bag'
            ),
            DeclareLaunchArgument(
                'events',
                default_value='/event_camera/events',
                description='With input_type events: their topic in the bag',
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
                description='Odometry topic in the bag, used if input.odometry is true',
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Namespace of the node'
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='true',
                choices=['true', 'false'],
                description="Use the bag's time, from /clock",
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value=PathJoinSubstitution([share, 'config', 'vpr.yaml']),
                description='YAML file with all other parameters',
            ),
            DeclareLaunchArgument('rate', default_value='1.0', description='Speed of the replay'),
            DeclareLaunchArgument(
                'loop',
                default_value='false',
                choices=['true', 'false'],
                description='Restart at the end of the bag',
            ),
            DeclareLaunchArgument(
                'delay',
                default_value='4.0',
                description='Seconds until the replay starts, for loading the map',
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
            # Images through shared memory, see config/fastdds_shm.xml; variables of the user stay.
            SetEnvironmentVariable(
                'FASTDDS_DEFAULT_PROFILES_FILE',
                EnvironmentVariable('FASTDDS_DEFAULT_PROFILES_FILE', default_value=profile),
            ),
            SetEnvironmentVariable(
                'FASTRTPS_DEFAULT_PROFILES_FILE',
                EnvironmentVariable('FASTRTPS_DEFAULT_PROFILES_FILE', default_value=profile),
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([share, 'launch', 'vpr.launch.py'])
                ),
                launch_arguments={name: LaunchConfiguration(name) for name in _PASSED_ON}.items(),
            ),
            Node(
                package='vprtempo_ros',
                executable='show_matches',
                name='show_matches',
                namespace=LaunchConfiguration('namespace'),
                output='screen',
            ),
            TimerAction(
                period=LaunchConfiguration('delay'),
                actions=[
                    ExecuteProcess(
                        cmd=[*play, '--loop'], output='screen', condition=IfCondition(looping)
                    ),
                    ExecuteProcess(
                        cmd=play,
                        output='screen',
                        on_exit=Shutdown(),
                        condition=UnlessCondition(looping),
                    ),
                ],
            ),
        ]
    )
