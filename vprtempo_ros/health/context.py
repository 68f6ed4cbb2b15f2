"""What diagnostics need to know besides the statistics of the frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from .transform import TransformState


class DiagnosticContext(NamedTuple):
    """
    The state of a node, as only the node itself knows it.

    input_kind: image or packet. input_topic: after remapping. publishers: returns the names of the
    nodes that publish it. silence_reason: returns why no message may arrive; loss_remedy: what to
    do against lost ones. map_path: folder of the map; map_problem: what is wrong with it on disk,
    or empty; map_revision: its number. sim_time: simulated time in seconds; None without
    `use_sim_time`. odometry_topic: after remapping; empty: not used. backend, places,
    sequence_filter: what matches the frames, against how many places. transform: of the
    localisation, None without. name: of the node with its namespace; namesakes: how many nodes have
    it. stamps: by topic, why its stamps are not used. odometry_problem: why poses of the odometry
    are not used as they are, empty if they are. frame_ids: coordinate frames that the last images
    named. other_frames: messages that were left out by input.frame_id. The callables are called
    only if there is a problem to explain.
    """

    input_kind: str
    input_topic: str
    publishers: Callable[[], list[str]]
    silence_reason: Callable[[], str]
    loss_remedy: Callable[[], str]
    map_path: str
    map_problem: str
    map_revision: int
    sim_time: float | None
    odometry_topic: str
    backend: str
    places: int
    sequence_filter: str
    transform: TransformState | None = None
    name: str = ''
    namesakes: int = 1
    stamps: Mapping[str, str] = MappingProxyType({})
    odometry_problem: str = ''
    frame_ids: Sequence[str] = ()
    other_frames: int = 0
