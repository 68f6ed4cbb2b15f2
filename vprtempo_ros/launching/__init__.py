"""What the launch files have in common; only here are launch and launch_ros imported."""

from .describing import Given, describe

__all__ = ['Given', 'describe']
