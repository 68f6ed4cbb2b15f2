"""The request to a running vpr_node to load a new map."""

from __future__ import annotations

import time
from pathlib import Path

from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future

from ..common.names import full_name

# How long the other node may take to be discovered, and to load the map, in seconds.
_DISCOVERY, _LOADING = 10.0, 120.0


class MapRequest:
    """
    Sets parameter `map` of another node, without waiting.

    Once `poll` returns True, `problem` is the reason why the map was not loaded, or empty.
    """

    def __init__(self, node: Node, target: str, path: Path) -> None:
        """
        Start to look for the node.

        :raises ConfigError: if `target` is not a valid name of a node.
        """
        self.problem = ''
        self.target = full_name(node, 'live.load_into', target)
        self.path = path.absolute()
        self._node = node
        self._client = node.create_client(SetParameters, f'{self.target}/set_parameters')
        self._response: Future[SetParameters.Response] | None = None
        self._deadline = time.monotonic() + _DISCOVERY

    def poll(self) -> bool:
        """Send the request or read its response, if possible; return whether it is finished."""
        if self._response is None and self._client.service_is_ready():
            parameter = Parameter('map', value=str(self.path)).to_parameter_msg()
            self._response = self._client.call_async(SetParameters.Request(parameters=[parameter]))
            self._deadline = time.monotonic() + _LOADING
        if self._response is not None and self._response.done():
            return self._finish(_problem_of(self._response))
        if time.monotonic() > self._deadline:
            return self._finish(
                'no such node is running'
                if self._response is None
                else f'no response within {_LOADING:g} s'
            )
        return False

    def _finish(self, problem: str) -> bool:
        self.problem = problem
        self._node.destroy_client(self._client)
        return True


def _problem_of(response: Future[SetParameters.Response]) -> str:
    error = response.exception()
    if error is not None:
        return ' '.join(str(error).split())
    results = response.result().results
    if not results:
        return 'it responded without a result'
    return '' if results[0].successful else results[0].reason or 'it gave no reason'
