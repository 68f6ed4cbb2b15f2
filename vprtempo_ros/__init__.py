"""Visual place recognition with small spiking networks (VPRTempo) for ROS 2."""

__version__ = '0.1.0'
