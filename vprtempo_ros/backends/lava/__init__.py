"""
Backend `lava`: the integers of a map on Loihi 2, or in Lava's simulation of it.

Only `worker.py` and what it imports touch Lava; they run in a process of their own, so that a node
that uses this backend neither forks nor loads it. docs/neuromorphic.md explains the mapping.
"""

from .backend import LavaBackend

__all__ = ['LavaBackend']
