"""Build and installation, by colcon (ament_python) and by pip."""

from pathlib import Path

from setuptools import find_packages, setup

package_name = 'vprtempo_ros'


def matching(pattern: str) -> list[str]:
    """Return the files below this folder that match, relative to it as setuptools wants them."""
    return sorted(str(path) for path in Path().glob(pattern))


setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(include=[package_name, f'{package_name}.*']),
    package_data={
        f'{package_name}.evaluation': ['*.jinja'],
        f'{package_name}.matching': ['*.yaml'],
        f'{package_name}.view': ['page/*'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
        (f'share/{package_name}/launch', matching('launch/*.launch.py')),
        (f'share/{package_name}/config', matching('config/*')),
        (f'share/{package_name}/rviz', matching('rviz/*.rviz')),
    ],
    install_requires=['setuptools'],
    extras_require={
        'descriptor': ['onnxruntime>=1.17'],
        'video': ['av>=12'],
        'dask': ['distributed>=2024.1'],
        'hdf5': ['h5py>=3.7', 'hdf5plugin>=4'],
        'parquet': ['pyarrow>=14'],
        # Without this `colcon test` runs nothing, and says that all is well.
        'test': ['pytest', 'pytest-timeout', 'hypothesis', 'psutil'],
    },
    python_requires='>=3.10',
    zip_safe=True,
    maintainer='vprtempo_ros developers',
    maintainer_email='maintainers@vprtempo-ros.dev',
    description='Visual place recognition with small spiking networks (VPRTempo) for ROS 2',
    license='MIT',
    entry_points={
        'console_scripts': [
            'vpr_node = vprtempo_ros.nodes.start:vpr_node',
            'trainer_node = vprtempo_ros.nodes.start:trainer_node',
            'replay = vprtempo_ros.nodes.start:replay',
            'view = vprtempo_ros.nodes.start:view',
            'show_matches = vprtempo_ros.nodes.start:show_matches',
            'wait_until_active = vprtempo_ros.nodes.start:wait_until_active',
            'bag_info = vprtempo_ros.tools.start:bag_info',
            'events_to_frames = vprtempo_ros.tools.start:events_to_frames',
            'images_to_bag = vprtempo_ros.tools.start:images_to_bag',
            'integer_walk = vprtempo_ros.tools.start:integer_walk',
            'energy = vprtempo_ros.tools.start:energy',
            'to_nir = vprtempo_ros.tools.start:to_nir',
            'from_nir = vprtempo_ros.tools.start:from_nir',
            'map_info = vprtempo_ros.tools.start:map_info',
            'map_edit = vprtempo_ros.tools.start:map_edit',
            'evaluate = vprtempo_ros.tools.start:evaluate',
            'import_nordland = vprtempo_ros.tools.start:import_nordland',
            'import_event_data = vprtempo_ros.tools.start:import_event_data',
            'demo = vprtempo_ros.tools.start:demo',
        ],
        'vprtempo_ros.encoders': [
            'pixels = vprtempo_ros.encoding.builtin:pixels',
            'oriented = vprtempo_ros.encoding.builtin:oriented',
            'descriptor = vprtempo_ros.encoding.builtin:descriptor',
        ],
        'vprtempo_ros.backends': [
            'torch = vprtempo_ros.backends.torch_fp32:TorchBackend',
            'numpy = vprtempo_ros.backends.numpy_fp32:NumpyBackend',
            'torch_int8 = vprtempo_ros.backends.torch_int8:TorchInt8Backend',
            'integer = vprtempo_ros.backends.integer:IntegerBackend',
            'lava = vprtempo_ros.backends.lava:start',
            'cuba = vprtempo_ros.backends.cuba:CubaBackend',
            'sinabs = vprtempo_ros.backends.sinabs_rate:SinabsBackend',
            'nir = vprtempo_ros.backends.nir_graph:NirBackend',
        ],
    },
)
