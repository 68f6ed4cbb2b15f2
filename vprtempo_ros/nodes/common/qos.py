"""Qualities of service that the nodes have in common."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

# The last message is kept for subscribers that come later and ask for it.
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def streaming(depth: int, reliability: str) -> QoSProfile:
    """Return the profile of a stream of sensor data; `reliability` as in the configuration."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE
        if reliability == 'reliable'
        else ReliabilityPolicy.BEST_EFFORT,
    )
