"""
Teach a route while driving it: trainer_node listens until ~/finish is called.

    ros2 launch vprtempo_ros teach.launch.py map:=~/maps/office image:=/camera/image_raw by:=metres
    ros2 service call /trainer_node/start std_srvs/srv/Trigger
    ros2 service call /trainer_node/finish std_srvs/srv/Trigger
"""

from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node, which runs until it is stopped."""
    share = FindPackageShare('vprtempo_ros')

    def value(name: str, kind: type) -> ParameterValue:
        return ParameterValue(LaunchConfiguration(name), value_type=kind)

    return LaunchDescription(
        [
            DeclareLaunchArgument('map', description='Folder to write the map to'),
            DeclareLaunchArgument(
                'overwrite',
                default_value='false',
                choices=['true', 'false'],
                description='Replace a map that is already there',
            ),
            DeclareLaunchArgument(
                'recording',
                default_value='',
                description='Folder to record the drive to; empty: next to the map',
            ),
            DeclareLaunchArgument(
                'load_into',
                default_value='',
                description='Node that is to load the map, as vpr_node; empty: none',
            ),
            DeclareLaunchArgument(
                'image',
                default_value='/camera/image_raw',
                description='Camera topic, Image or CompressedImage',
            ),
            DeclareLaunchArgument(
                'events',
                default_value='/event_camera/events',
                description='With input_type events: topic of EventPacket or EventArray',
            ),
            DeclareLaunchArgument(
                'input_type',
                default_value='image',
                choices=['image', 'events'],
                description='Sensor of the route',
            ),
            DeclareLaunchArgument(
                'poses',
                default_value='',
                description='Topic of poses; empty: the only published one; none: no poses',
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
                'namespace', default_value='', description='Namespace of the node'
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='false',
                choices=['true', 'false'],
                description='Use simulated time from /clock',
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
                namespace=LaunchConfiguration('namespace'),
                output='screen',
                parameters=[
                    LaunchConfiguration('params_file'),
                    {
                        'live.enabled': True,
                        'map': value('map', str),
                        'overwrite': value('overwrite', bool),
                        'live.recording': value('recording', str),
                        'live.load_into': value('load_into', str),
                        'input.type': value('input_type', str),
                        'poses.topic': value('poses', str),
                        'places.by': value('by', str),
                        'places.spacing': value('spacing', float),
                        'use_sim_time': value('use_sim_time', bool),
                    },
                ],
                remappings=[
                    ('image', LaunchConfiguration('image')),
                    ('events', LaunchConfiguration('events')),
                ],
            ),
        ]
    )
