"""
Recognise places with several cameras: a vpr_node for each, in a namespace of its name.

Each is a process with its own map; they share odometry and clock:

    ros2 launch vprtempo_ros multi_camera.launch.py cameras:='front rear' maps:=~/maps

subscribes to /front/image_raw and /rear/image_raw, loads ~/maps/front and ~/maps/rear, and
publishes /front/vpr_node/match and /rear/vpr_node/match.
"""

from typing import Any

from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_context import LaunchContext
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

# Arguments of vpr.launch.py that all cameras share.
_PASSED_ON = ('input_type', 'odom', 'initialpose', 'autostart', 'use_sim_time', 'params_file')


def _cameras(context: LaunchContext) -> list[GroupAction]:
    """Include vpr.launch.py once for each camera."""
    source = PythonLaunchDescriptionSource(
        PathJoinSubstitution([FindPackageShare('vprtempo_ros'), 'launch', 'vpr.launch.py'])
    )

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    def arguments(camera: str) -> dict[str, Any]:
        return {
            'namespace': camera,
            'map': f'{given("maps")}/{camera}',
            'image': f'/{camera}/{given("image")}',
            'events': f'/{camera}/{given("events")}',
            **{name: LaunchConfiguration(name) for name in _PASSED_ON},
        }

    # A group each: otherwise the arguments of one would apply to the next.
    return [
        GroupAction([IncludeLaunchDescription(source, launch_arguments=handed.items())])
        for handed in map(arguments, given('cameras').split())
    ]


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and a node for each camera."""
    share = FindPackageShare('vprtempo_ros')
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'cameras',
                default_value='front rear',
                description='Names of the cameras, which are namespaces and names of maps',
            ),
            DeclareLaunchArgument('maps', description="Folder with a map of each camera's name"),
            DeclareLaunchArgument(
                'image',
                default_value='image_raw',
                description="Topic of the images in a camera's namespace",
            ),
            DeclareLaunchArgument(
                'events',
                default_value='events',
                description="With input_type events: their topic in a camera's namespace",
            ),
            DeclareLaunchArgument(
                'input_type',
                default_value='image',
                choices=['image', 'compressed', 'events'],
                description='Message type of the input',
            ),
            DeclareLaunchArgument(
                'odom',
                default_value='/odom',
                description='Odometry topic, used if input.odometry is true',
            ),
            DeclareLaunchArgument(
                'initialpose',
                default_value='/initialpose',
                description='Topic that ~/relocalize of each of them publishes a pose '
                'on; that of AMCL is /initialpose',
            ),
            DeclareLaunchArgument(
                'autostart',
                default_value='true',
                choices=['true', 'false'],
                description='Configure and activate the nodes; false: left to a lifecycle manager',
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
            OpaqueFunction(function=_cameras),
        ]
    )
