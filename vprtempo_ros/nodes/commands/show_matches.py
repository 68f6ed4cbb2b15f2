"""show_matches: print the matches of a running vpr_node, and record them with --record."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Sequence

from rclpy.node import Node
from vision_msgs.msg import Classification, VisionInfo

from ...sources.cdr import stamp_ns
from ..common.arguments import own_arguments
from ..common.names import full_name
from ..common.qos import LATCHED
from ..common.running import run

COLUMNS = ('stamp_ns', 'received_ns', 'places', 'confidences')


class ShowMatches(Node):
    """Prints a line for each match, and `READY` once it knows a vpr_node."""

    def __init__(self, target: str, record: IO[str] | None) -> None:
        """Subscribe to the topics of the node named `target`."""
        super().__init__('show_matches')
        self._writer = csv.writer(record) if record else None
        self._record = record
        if self._writer:
            self._writer.writerow(COLUMNS)
        if self._record:
            # Shows before the first match whether the disk is full.
            self._record.flush()
        name = full_name(self, '--node', target)
        # In this order: who knows of the second knows of the first, so that after READY no match is
        # missed.
        self.create_subscription(Classification, f'{name}/match', self._on_match, 1000)
        self.create_subscription(VisionInfo, f'{name}/info', self._on_info, LATCHED)

    def end(self) -> int:
        """Do nothing: lines are written as they are received."""
        return 0

    def _on_info(self, info: VisionInfo) -> None:
        print(f'READY {info.method}, map {info.database_location}', flush=True)

    def _on_match(self, match: Classification) -> None:
        received = time.time_ns()
        stamp = stamp_ns(match.header)
        places = [result.class_id for result in match.results]
        scores = [result.score for result in match.results]
        if self._writer and self._record:
            self._writer.writerow(
                [stamp, received, ' '.join(places), ' '.join(f'{score:.6f}' for score in scores)]
            )
            self._record.flush()
        result = (
            f'place {places[0]:>5}  confidence {scores[0]:.2f}   then ' + ', '.join(places[1:])
            if places
            else 'unknown place'
        )
        print(f'{stamp / 1e9:.3f}  {result}', flush=True)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='show_matches', description=__doc__)
    parser.add_argument('--node', default='vpr_node', help='its name (default: %(default)s)')
    parser.add_argument('--record', type=Path, metavar='CSV', help='file to record the matches in')
    given = parser.parse_args(own_arguments(args))
    try:
        with ExitStack() as stack:
            record = None
            if given.record is not None:
                record = stack.enter_context(given.record.open('w', newline='', encoding='utf-8'))
            return run('show_matches', lambda: ShowMatches(given.node, record), args)
    except BrokenPipeError:
        # The reader of a pipe has closed it, as `head` does; Python must not write to it again.
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except OSError as error:
        print(f'error: {given.record}: cannot be written ({error.strerror})', file=sys.stderr)
        return 1
