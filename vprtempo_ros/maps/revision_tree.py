"""What edits add to map.yaml: segments, labels of places, and the edits themselves."""

from __future__ import annotations

from ..errors import MapError
from ..network.segments import Segments
from .map import EditRecord, Map


def revision_tree(built: Map) -> dict[str, object]:
    """Return the entries as plain values; a map without any of them has none."""
    tree: dict[str, object] = {}
    if len(built.parts().counts) > 1:
        tree['segments'] = built.parts().counts
    if built.labels:
        tree['labels'] = dict(built.labels)
    if built.provenance.get('edits'):
        tree['edits'] = [dict(each) for each in built.provenance['edits']]
    return tree


def segments_from(found: object, places: int) -> Segments | None:
    """
    Return the segments of plain values: the number of places of each; None: one segment.

    :raises MapError: if these are not the places of the map.
    """
    if found is None:
        return None
    # Not isinstance: a bool is an int too.
    if (
        not isinstance(found, list)
        or not all(type(count) is int and count > 0 for count in found)
        or sum(found) != places
    ):
        raise MapError(
            f'map.yaml: expected the numbers of places of segments, {places} together, '
            f'found {found!r:.200}'
        )
    return Segments.of(found)


def labels_from(found: object, places: int) -> dict[int, str]:
    """
    Return the labels of plain values.

    :raises MapError: if one is no text, or of no place.
    """
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(
        type(place) is int and 0 <= place < places and isinstance(label, str)
        for place, label in found.items()
    ):
        raise MapError(f'map.yaml: expected labels of places by number, found {found!r:.200}')
    return dict(found)


def edits_from(found: object) -> list[EditRecord]:
    """
    Return the edits of plain values, the last one last.

    :raises MapError: if an entry is missing or of another type, or numbers do not increase.
    """
    edits: list[EditRecord] = []
    if found is None:
        return edits
    if not isinstance(found, list):
        raise MapError(f'map.yaml: expected a list of edits, found {found!r:.200}')
    for each in found:
        match each:
            case {
                'revision': int(revision),
                'edit': str(edit),
                'software': str(software),
                'created': str(created),
            } if revision > (edits[-1]['revision'] if edits else 1):
                edits.append(
                    {'revision': revision, 'edit': edit, 'software': software, 'created': created}
                )
            case _:
                raise MapError(
                    'map.yaml: expected revision, edit, software and created of each edit, '
                    f'found {each!r:.200}'
                )
    return edits
