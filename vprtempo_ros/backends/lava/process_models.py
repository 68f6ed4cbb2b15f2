"""
A quicker search for the models of Lava's processes; import it only after `prepare_lava`.

For each process of a network, Lava executes all files of the package of its class, and that again
for each module there, which is a quarter of the time that a start takes. The models are the same
when each module is imported, once.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs
from lava.magma.core.process.process import AbstractProcess


def search_once() -> None:
    """Let Lava search once for the models of each class of processes."""
    among, original = (
        ProcGroupDiGraphs._find_proc_models_in_module,
        ProcGroupDiGraphs._find_proc_models,
    )
    found: dict[type[AbstractProcess], list[type]] = {}

    def find(proc: AbstractProcess) -> list[type]:
        of = type(proc)
        if of not in found:
            package = import_module(of.__module__.rpartition('.')[0])
            # Also those of other distributions: the packages of Lava are namespaces.
            names = [name for _, name, _ in iter_modules(package.__path__, f'{package.__name__}.')]
            # First where the class is, as in Lava's search.
            names.sort(key=lambda name: name != of.__module__)
            found[of] = [model for name in names for model in among(proc, import_module(name))]
        # Where there is none, Lava says so.
        return found[of] or original(proc)

    ProcGroupDiGraphs._find_proc_models = staticmethod(find)
