"""What an evaluation is of: the words and settings around its figures."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from .. import __version__
from ..config import NodeConfig
from ..maps.map import Map
from ..options import options, to_tree
from .query import Query
from .truth import GroundTruth


@dataclass(frozen=True)
class ReportMetadata:
    """
    Where everything came from.

    right_when: in words, what counts as right. settings: the settings of matching and backend by
    dotted name.
    """

    map: str
    query: str
    right_when: str
    settings: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    software: str = f'vprtempo_ros {__version__}'
    created: str = field(
        default_factory=lambda: datetime.datetime.now(datetime.timezone.utc).isoformat(
            timespec='seconds'
        )
    )


def about(
    map_name: str,
    loaded: Map,
    query: Query,
    truth: GroundTruth,
    right_when: str,
    config: NodeConfig,
) -> ReportMetadata:
    """Describe an evaluation, with all that a reader of its figures has to know."""
    return ReportMetadata(
        map_name, query.path, right_when, settings_of(config), _notes(loaded, query, truth)
    )


def settings_of(config: NodeConfig) -> dict[str, Any]:
    """Return the settings that matter for answers, by dotted name."""
    tree = to_tree(config)
    chosen: dict[str, Any] = {}
    for item in options(NodeConfig):
        if item.name.split('.')[0] in ('match', 'backend'):
            value: Any = tree
            for part in item.name.split('.'):
                value = value[part]
            chosen[item.name] = value
    return chosen


def _notes(loaded: Map, query: Query, truth: GroundTruth) -> list[str]:
    notes = []
    for reason, count in query.skipped.items():
        notes.append(f'{count} frames of the query were left out: {reason}')
    unknown = int((~truth.judged).sum())
    if unknown:
        notes.append(
            f'{unknown} of {len(query)} query frames have no known truth (no pose at '
            'their stamp) and count in no figure'
        )
    unplaced = sum(place.pose is None for place in loaded.places)
    if 0 < unplaced < len(loaded.places):
        notes.append(
            f'{unplaced} of {len(loaded.places)} places have no pose; where the truth '
            'comes from poses, a match to one of them counts as wrong'
        )
    if not truth.with_place.any():
        notes.append('no query has a true place: there is no recall')
    return notes
