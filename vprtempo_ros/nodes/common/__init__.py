"""What the ROS programs share: running and ending, parameters, names, QoS."""
