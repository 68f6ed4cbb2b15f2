"""The package as if it was installed, in a prefix of the test's own, for tools that look for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from support import ROOT
from support.launch_stand_ins import own_targets


def install(prefix: Path) -> dict[str, str]:
    """Lay out the checkout like colcon's --symlink-install; return the environment for it."""
    register(prefix, 'vprtempo_ros')
    share = prefix / 'share' / 'vprtempo_ros'
    for folder in ('launch', 'config', 'rviz'):
        (share / folder).mkdir()
        for file in (ROOT / folder).iterdir():
            (share / folder / file.name).symlink_to(file)
    (share / 'package.xml').symlink_to(ROOT / 'package.xml')
    for name, target in own_targets().items():
        module, _, function = target.partition(':')
        script(
            prefix / 'lib' / 'vprtempo_ros' / name,
            f'import sys\nfrom {module} import {function}\nsys.exit({function}())\n',
        )
    prefixes = [str(prefix), os.environ.get('AMENT_PREFIX_PATH', '')]
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    return {
        **os.environ,
        'AMENT_PREFIX_PATH': os.pathsep.join(filter(None, prefixes)),
        'PYTHONPATH': os.pathsep.join(filter(None, paths)),
    }


def register(prefix: Path, package: str) -> None:
    """Make a package known to ament's index."""
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True, exist_ok=True)
    (index / package).touch()
    (prefix / 'share' / package).mkdir(parents=True)


def script(path: Path, text: str) -> None:
    """Write an executable of this Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!{sys.executable}\n{text}')
    path.chmod(0o755)
