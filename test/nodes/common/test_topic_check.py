"""What the graph of nodes says about topics and names."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from support import ros

from vprtempo_ros.nodes.common import topic_check
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


def test_modules_that_later_distributions_have_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lyrical's rclpy 10 has endpoint_info in place of topic_endpoint_info."""
    monkeypatch.setitem(sys.modules, 'rclpy.topic_endpoint_info', None)
    spec = importlib.util.find_spec(topic_check.__name__)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
