"""The table of topics and services against the graph of running nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import ros
from support.teaching import taught

from vprtempo_ros.interface import (
    COMPRESSED_IMAGE,
    EVENTS,
    IMAGE,
    IN,
    LOCALISATION,
    NODES,
    OUT,
    SERVICE,
    TAUGHT_EVENTS,
    TAUGHT_IMAGE,
    TEACHING,
    Entry,
)

# What every node, and every lifecycle node, has.
_COMMON_TOPICS = ('/parameter_events', '/rosout', '/transition_event', '/clock')
_COMMON_SERVICES = (
    'parameter',
    '/get_type_description',
    '/change_state',
    '/get_state',
    '/get_available_',
    '/get_transition_graph',
    'logger_levels',
)
Graph = set[tuple[str, str, str]]


def graph_of(observer: Any, name: str) -> Graph:
    """Return direction, name as in the table and type of all that a node has for itself."""
    topics = [
        (direction, *item)
        for direction, items in (
            (OUT, observer.get_publisher_names_and_types_by_node(name, '/')),
            (IN, observer.get_subscriber_names_and_types_by_node(name, '/')),
        )
        for item in items
        if not item[0].endswith(_COMMON_TOPICS)
    ]
    services = [
        (SERVICE, *item)
        for item in observer.get_service_names_and_types_by_node(name, '/')
        if not any(word in item[0] for word in _COMMON_SERVICES)
    ]
    return {
        (direction, as_in_table(full, name), kind)
        for direction, full, kinds in topics + services
        for kind in kinds
    }


def as_in_table(full: str, name: str) -> str:
    """Return a resolved name as a node in the root namespace gave it."""
    absolute = {entry.name for entries in NODES.values() for entry in entries}
    if full in absolute:
        return full
    private = f'/{name}/'
    return f'~/{full.removeprefix(private)}' if full.startswith(private) else full.lstrip('/')


def expected(name: str, without: tuple[Entry, ...] = (), variant: int = 0) -> Graph:
    """Return what the table says of a node; of entries with several types, the one asked for."""
    return {
        (entry.direction, entry.name, entry.types[min(variant, len(entry.types) - 1)])
        for entry in NODES[name]
        if entry not in without
    }


def await_graph(name: str, wanted: Graph) -> None:
    """Wait until a node has what the table says; fail with the difference."""
    import rclpy

    context = rclpy.Context()
    rclpy.init(context=context)
    observer = rclpy.create_node('observer', context=context)
    seen: Graph = set()

    def equal() -> bool:
        nonlocal seen
        if (name, '/') not in observer.get_node_names_and_namespaces():
            return False
        seen = graph_of(observer, name)
        return seen == wanted

    try:
        ros.until(
            equal,
            lambda: (
                f'{name} as in interface.py; missing {sorted(wanted - seen)}, '
                f'not in the table {sorted(seen - wanted)}'
            ),
        )
    finally:
        observer.destroy_node()
        context.try_shutdown()


@pytest.mark.parametrize('variant', [0, 1], ids=['image', 'compressed'])
def test_vpr_node_with_a_camera(street, tmp_path: Path, variant: int) -> None:
    """A node that listens to images and odometry has what the table says, but for events."""
    unused = () if variant else (COMPRESSED_IMAGE,)
    with ros.node(
        tmp_path,
        'vpr_node',
        parameters={
            'map': street.map,
            'input.odometry': 'true',
            'input.type': ('image', 'compressed')[variant],
        },
    ):
        await_graph('vpr_node', expected('vpr_node', (EVENTS, *unused, *LOCALISATION), variant))


@pytest.mark.parametrize('variant', [0, 1], ids=['packet', 'array'])
def test_vpr_node_with_an_event_camera(event_map: Path, tmp_path: Path, variant: int) -> None:
    """A node that listens to events has what the table says, but for images."""
    pytest.importorskip(('event_camera_msgs', 'dvs_msgs')[variant])
    with ros.node(
        tmp_path,
        'vpr_node',
        parameters={
            'map': event_map,
            'input.odometry': 'true',
            'input.type': 'events',
            'input.message': ('packet', 'array')[variant],
        },
    ):
        await_graph(
            'vpr_node', expected('vpr_node', (IMAGE, COMPRESSED_IMAGE, *LOCALISATION), variant)
        )


def test_vpr_node_that_publishes_transforms(street, tmp_path: Path) -> None:
    """With tf.publish a node has what the table says, odometry too, but for events."""
    pytest.importorskip('tf2_msgs')
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, 'tf.publish': 'true'}):
        await_graph('vpr_node', expected('vpr_node', (EVENTS, COMPRESSED_IMAGE)))


def test_trainer_node(street, tmp_path: Path) -> None:
    """A trainer has what the table says while it trains."""
    with ros.node(
        tmp_path,
        'trainer_node',
        parameters={
            'bags': street.recordings.reference,
            'map': tmp_path / 'map',
            'training.epochs': 3000,
            'training.outputs': 'stdp',
        },
    ) as process:
        await_graph('trainer_node', expected('trainer_node', TEACHING))
        assert process.process.poll() is None, process.output()


@pytest.mark.parametrize('variant', [0, 1], ids=['image', 'compressed'])
def test_trainer_node_that_is_taught(tmp_path: Path, variant: int) -> None:
    """A trainer that is taught has what the table says while it records, but for events."""
    kind = TAUGHT_IMAGE.types[variant]
    with taught(tmp_path, image='image', poses__topic='none') as (_, teacher):
        teacher.publish_on('/image', kind)
        teacher.start()
        await_graph('trainer_node', expected('trainer_node', (TAUGHT_EVENTS,), variant))
