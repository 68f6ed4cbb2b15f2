"""ProgressPublisher a running vpr_node to load a map."""

from __future__ import annotations

import time
from pathlib import Path

from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter

from ..common.names import full_name

# How long the other node may take to be found, and to load the map, in seconds.
_DISCOVERY, _LOADING = 10.0, 120.0


class MapRequest:
    """
    Sets parameter `map` of another node, which loads it; never waits.

    Once `poll` returns True, `problem` says why the map was not loaded, empty if it was.
    """

    def __init__(self, node: Node, target: str, path: Path) -> None:
        """
        Begin to look for the node.

        :raises ConfigError: if `target` is not the name of a node.
        """
        self.problem = ''
        self.target = full_name(node, 'live.load_into', target)
        self.path = path.absolute()
        self._node = node
        self._client = node.create_client(SetParameters, f'{self.target}/set_parameters')
        self._call = None
        self._deadline = time.monotonic() + _DISCOVERY

    def poll(self) -> bool:
        """Go on as far as possible; tell whether it is over."""
        if self._call is None and self._client.service_is_ready():
            self._call = self._client.call_async(
                SetParameters.Request(
                    parameters=[Parameter('map', value=str(self.path)).to_parameter_msg()]
                )
            )
            self._deadline = time.monotonic() + _LOADING
        if self._call is not None and self._call.done():
            return self._end(self._verdict())
        if time.monotonic() > self._deadline:
            return self._end('it did not answer' if self._call else 'no such node is running')
        return False

    def _verdict(self) -> str:
        assert self._call is not None
        error = self._call.exception()
        if error is not None:
            return ' '.join(str(error).split())
        results = self._call.result().results
        if not results:
            return 'it answered without a result'
        return '' if results[0].successful else results[0].reason or 'it gave no reason'

    def _end(self, problem: str) -> bool:
        self.problem = problem
        self._node.destroy_client(self._client)
        return True
