"""Imports of a program, most of its start: an interrupt ends it at once, without a traceback."""

from __future__ import annotations

import signal
from importlib import import_module
from types import ModuleType


def imported(name: str) -> ModuleType:
    """
    Import a module; an interrupt meanwhile ends the process by the signal, status 130.

    Where interrupts are ignored, as in the background of a script, they stay so.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    module = import_module(name)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return module
