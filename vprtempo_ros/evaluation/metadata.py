"""The metadata of an evaluation: its sources, settings and notes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from ..config import NodeConfig
from ..maps.map import Map, missing_lines
from ..options import options
from ..version import __version__
from .distinctness import Distinctness
from .query import Query
from .truth import GroundTruth


@dataclass(frozen=True)
class ReportMetadata:
    """
    Sources and settings of an evaluation.

    correct_when: in words, when a match is correct. settings: options of matching and backend by
    dotted name. notes: what a reader of the figures must know.
    """

    map: str
    query: str
    correct_when: str
    settings: dict[str, object]
    notes: list[str] = field(default_factory=list)
    software: str = f'vprtempo_ros {__version__}'
    created: str = field(
        default_factory=lambda: datetime.datetime.now(datetime.timezone.utc).isoformat(
            timespec='seconds'
        )
    )


def report_metadata(
    map_name: str,
    loaded: Map,
    query: Query,
    truth: GroundTruth,
    correct_when: str,
    config: NodeConfig,
    distinct: Distinctness | None = None,
) -> ReportMetadata:
    """Return the metadata of an evaluation; distinct: how well the map distinguishes its places."""
    warning = distinct.warning() if distinct else None
    notes = [*([warning] if warning else []), *_notes(loaded, query, truth)]
    return ReportMetadata(map_name, query.path, correct_when, _settings(config), notes)


def _settings(config: NodeConfig) -> dict[str, object]:
    """Return the options of matching and backend by dotted name."""
    chosen: dict[str, object] = {}
    for item in options(NodeConfig):
        path = item.name.split('.')
        if path[0] in ('match', 'backend'):
            value: object = config
            for part in path:
                value = getattr(value, part)
            chosen[item.name] = value
    return chosen


def _notes(loaded: Map, query: Query, truth: GroundTruth) -> list[str]:
    notes = []
    if loaded.views:
        notes.append(
            f'network: the cameras {", ".join(loaded.cameras)} together; templates, pictures and '
            f'times of decoding and encoding are of {loaded.camera}'
        )
    for name, view in query.others.items():
        lacking = int((view.rows < 0).sum())
        if lacking:
            notes.append(f'camera {name} has no frame for {lacking} of {len(query)} of the query')
    for reason, count in query.skipped.items():
        notes.append(f'{count} frames of the query were left out: {reason}')
    notes += [f'query: {line}' for line in query.missing]
    for record in loaded.provenance['traverses']:
        notes += [f'{record["source"]}: {line}' for line in missing_lines(record)]
    unknown = int((~truth.known).sum())
    if unknown:
        notes.append(
            f'{unknown} of {len(query)} query frames have no known truth (no pose at '
            'their stamp) and are excluded from all figures'
        )
    unplaced = sum(place.pose is None for place in loaded.places)
    if 0 < unplaced < len(loaded.places):
        notes.append(
            f'{unplaced} of {len(loaded.places)} places have no pose; if the truth is '
            'from poses, a match with one of them counts as wrong'
        )
    if not truth.with_place.any():
        notes.append('no query has a true place: there is no recall')
    return notes
