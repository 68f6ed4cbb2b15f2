"""
Build a map from recorded traverses of a route.

    ros2 launch vprtempo_ros train.launch.py bags:=monday map:=~/maps/office by:=metres
"""

from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node; launch ends when the map is written."""
    share = FindPackageShare('vprtempo_ros')

    def value(name: str, kind: type) -> ParameterValue:
        return ParameterValue(LaunchConfiguration(name), value_type=kind)

    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'bags',
                description='Bag (or folder of images) of the route, or '
                'several of them: "[first, second]"',
            ),
            DeclareLaunchArgument('map', description='Folder to write the map to'),
            DeclareLaunchArgument(
                'overwrite',
                default_value='false',
                choices=['true', 'false'],
                description='Replace a map that is already there',
            ),
            DeclareLaunchArgument(
                'input_type',
                default_value='image',
                choices=['image', 'events'],
                description='Sensor of the bags',
            ),
            DeclareLaunchArgument(
                'topic',
                default_value='',
                description='Topic of images or events in the bags; empty: the only one',
            ),
            DeclareLaunchArgument(
                'poses',
                default_value='',
                description='Pose topic in the bags; empty: the only one, if any; none: no poses',
            ),
            DeclareLaunchArgument(
                'by',
                default_value='frames',
                choices=['frames', 'seconds', 'metres'],
                description='Unit of the distance between places',
            ),
            DeclareLaunchArgument(
                'spacing',
                default_value='1.0',
                description='Distance between places, in frames, seconds or metres',
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value=PathJoinSubstitution([share, 'config', 'train.yaml']),
                description='YAML file with all other parameters',
            ),
            Node(
                package='vprtempo_ros',
                executable='trainer_node',
                name='trainer_node',
                output='screen',
                parameters=[
                    LaunchConfiguration('params_file'),
                    {
                        # Read as YAML: a path is a string, a bracketed list an array of strings.
                        'bags': LaunchConfiguration('bags'),
                        'map': value('map', str),
                        'overwrite': value('overwrite', bool),
                        'input.type': value('input_type', str),
                        'input.topic': value('topic', str),
                        'poses.topic': value('poses', str),
                        'places.by': value('by', str),
                        'places.spacing': value('spacing', float),
                    },
                ],
                on_exit=Shutdown(),
            ),
        ]
    )
