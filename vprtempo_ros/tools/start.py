"""The executables without ROS, which `setup.py` names; see `support/starting.py`."""

from __future__ import annotations

import sys
from functools import partial

from ..support.starting import imported


def run(module: str) -> int:
    """Import a module of this package and run its `main`; return the exit status."""
    found = imported(f'vprtempo_ros.{module}')
    try:
        return int(found.main())
    except KeyboardInterrupt:
        # Before or after what `guarded` runs.
        print('interrupted', file=sys.stderr)
        return 130


bag_info = partial(run, 'tools.bag_info')
events_to_frames = partial(run, 'tools.events_to_frames')
images_to_bag = partial(run, 'tools.images_to_bag')
integer_walk = partial(run, 'tools.integer_walk')
energy = partial(run, 'tools.energy')
to_nir = partial(run, 'tools.to_nir')
from_nir = partial(run, 'tools.from_nir')
map_info = partial(run, 'tools.map_info')
map_edit = partial(run, 'tools.map_edit')
evaluate = partial(run, 'tools.evaluate')
import_nordland = partial(run, 'tools.import_nordland')
import_event_data = partial(run, 'tools.import_event_data')
demo = partial(run, 'demo.__main__')
