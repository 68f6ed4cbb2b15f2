"""The report as one self-contained page."""

from __future__ import annotations

import base64
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from ..errors import VprError
from ..frames import Image
from ..maps.map import Map
from ..support.several import several
from .evaluation import Evaluation
from .examples import Example
from .metadata import ReportMetadata
from .precision import REPORTED
from .results import percentiles
from .table import HEAD, number, table
from .truth import NO_PLACE

if TYPE_CHECKING:
    from jinja2 import Template

_QUERY_WIDTH = 320


def page(
    found: Evaluation,
    described: ReportMetadata,
    loaded: Map,
    pictures: dict[str, bytes],
    images: dict[int, Image],
) -> str:
    """
    Return the HTML with all pictures embedded.

    :param pictures: PNG files by name. images: the query frames of the examples.
    """
    return str(template().render(_content(found, described, loaded, pictures, images)))


def template() -> Template:
    """
    Return the template of the page.

    :raises VprError: if Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise VprError(
            'the report needs Jinja2: pip install Jinja2 (apt: python3-jinja2)'
        ) from None
    text = files(__package__).joinpath('report.html.jinja').read_text(encoding='utf-8')
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)


def _content(
    found: Evaluation,
    described: ReportMetadata,
    loaded: Map,
    pictures: dict[str, bytes],
    images: dict[int, Image],
) -> dict[str, object]:
    headline, truth, point = found.headline, found.truth, found.operating_point
    negatives = found.negatives
    return {
        'title': f'{Path(described.map).name} recognised in {Path(described.query).name}',
        'subtitle': f'{several(len(loaded.places), "place")}, {len(truth)} query frames; correct '
        f'{described.correct_when}; {described.created}',
        'notes': described.notes,
        'tiles': [
            ('recall@1', number(headline.recall[1])),
            *(
                (
                    f'recall at {precision:.0%} precision',
                    number(headline.curve.recall_at(precision)),
                )
                for precision in REPORTED
            ),
            ('area under precision-recall', number(headline.curve.area)),
            ('expected calibration error', number(found.calibration_error)),
        ],
        'head': HEAD,
        'table': table(found),
        'looks_ahead': not all(method.causal for method in found.methods),
        'pictures': {name: _uri(data, 'png') for name, data in pictures.items()},
        'configured': f'At match.min_confidence {point.threshold:g}: '
        f'{_percent(point.answered)} of the queries have a match, '
        f'{_percent(point.precision)} of the matches are correct, recall '
        f'{_percent(point.recall)}.',
        'availability': f'Longest run of frames on the map without a match: '
        f'{found.availability.without.text()}.',
        'relocalisation': found.availability.relocalisation(),
        'negatives_are': ''
        if negatives is None
        else f'{len(negatives)} frames of {negatives.path}, all outside the map: '
        'each match is wrong.',
        'rejections': [
            [
                method.name,
                number(method.rejection.configured),
                number(method.rejection.threshold),
                number(method.rejection.kept),
            ]
            for method in found.methods
            if method.rejection
        ],
        'examples': [
            (kind, [_example(entry, found, loaded, images) for entry in entries])
            for kind, entries in groupby(found.examples, lambda entry: entry.kind)
        ],
        'times': [
            [name, *(number(value) for value in percentiles(times))]
            for name, times in found.times.items()
        ],
        'facts': _facts(found, described, loaded),
    }


def _facts(found: Evaluation, described: ReportMetadata, loaded: Map) -> list[tuple[str, str]]:
    truth = found.truth
    return [
        (
            'map',
            f'{described.map}, {several(len(loaded.places), "place")}, made '
            f'{loaded.provenance.get("created", "at an unknown time")}',
        ),
        (
            'query',
            f'{described.query}, {len(truth)} frames: '
            f'{int(truth.with_place.sum())} with a true place, '
            f'{int((truth.known & ~truth.with_place).sum())} without, '
            f'{int((~truth.known).sum())} with unknown truth',
        ),
        ('correct', described.correct_when),
        ('backend', found.backend),
        ('settings', ', '.join(f'{name}={value}' for name, value in described.settings.items())),
        ('software', described.software),
    ]


def _example(
    entry: Example, found: Evaluation, loaded: Map, images: dict[int, Image]
) -> dict[str, object]:
    name = found.query.names[entry.query]
    correct = found.truth.is_correct(entry.query, entry.place)
    text = (
        f'Query frame {entry.query} ({name}): place {entry.place}, confidence '
        f'{entry.certainty:.2f},'
    )
    if entry.true == NO_PLACE:
        text += ' but it has no true place in the map,'
    elif not correct:
        text += f' its true place {entry.true} is ' + (
            f'at rank {entry.rank},' if entry.rank else 'not ranked,'
        )
    shown = []
    if entry.query in images:
        shown.append((_uri(_jpeg(images[entry.query]), 'jpeg'), f'query frame {entry.query}'))
    shown.append((_uri(loaded.thumbnails[entry.place], 'jpeg'), f'matched place {entry.place}'))
    if not correct and entry.true != NO_PLACE:
        shown.append((_uri(loaded.thumbnails[entry.true], 'jpeg'), f'true place {entry.true}'))
    return {'text': text, 'correct': correct, 'images': shown}


def _jpeg(image: Image) -> bytes:
    """Return the grey picture, at most 320 pixels wide."""
    grey = image.shown()
    if image.width > _QUERY_WIDTH:
        height = max(1, round(image.height * _QUERY_WIDTH / image.width))
        grey = cv2.resize(grey, (_QUERY_WIDTH, height), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode('.jpg', grey, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise VprError('OpenCV cannot write JPEG: its build lacks the codec')
    return data.tobytes()


def _uri(data: bytes, kind: str) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'


def _percent(value: float) -> str:
    return '-' if value != value else f'{value:.1%}'
