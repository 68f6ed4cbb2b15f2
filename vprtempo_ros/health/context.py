"""What is around a node, as far as it matters for what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class DiagnosticContext(NamedTuple):
    """
    What only the node itself can find out.

    thing: what a message is, an image or a packet. topic: that of the input. publishers: names of
    the nodes that publish it. silence: why nothing may be arriving. map_path: folder of the map;
    map_trouble: what is wrong with the folder on disk since it was loaded. sim_time: seconds of
    the simulated time; None: `use_sim_time` is not set. odometry: its topic, if it is expected.
    backend, places, sequence_filter: what answers, of how many places, and the filter in use.
    The callables are asked only where there is something to explain.
    """

    thing: str
    topic: str
    publishers: Callable[[], list[str]]
    silence: Callable[[], str]
    map_path: str
    map_trouble: str
    sim_time: float | None
    odometry: str
    backend: str
    places: int
    sequence_filter: str
