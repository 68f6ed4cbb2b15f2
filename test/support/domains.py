"""A ROS domain of its own for each process that runs tests."""

from __future__ import annotations

import fcntl
import random
from typing import IO

from support import folder_of_machine

# Above 101, the ports of DDS are in the range from which Linux takes ports for other programs.
_DOMAINS = range(1, 102)


def claim_domain() -> tuple[int, IO[str]]:
    """
    Return a domain that no other run of the tests on this machine uses, and what holds it.

    The domain is free again when the file is closed, or the process has ended in any other way.
    """
    folder = folder_of_machine('domains')
    for domain in random.SystemRandom().sample(_DOMAINS, len(_DOMAINS)):
        file = (folder / str(domain)).open('w')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        return domain, file
    raise RuntimeError(f'all ROS domains are in use; see the locked files in {folder}')
