"""What the graph of nodes says about topics and names."""

from __future__ import annotations

from support import ros

from vprtempo_ros.nodes.common.topic_check import namesakes


def test_nodes_of_one_name() -> None:
    """Counted with their namespace, from either of them."""
    context = ros.rclpy.Context()
    ros.rclpy.init(context=context)
    names = [('twin', '/'), ('twin', '/'), ('twin', '/apart')]
    nodes = [ros.rclpy.create_node(n, namespace=space, context=context) for n, space in names]
    try:
        ros.until(lambda: [namesakes(each) for each in nodes] == [2, 2, 1], 'all three nodes')
    finally:
        for node in nodes:
            node.destroy_node()
        context.try_shutdown()
