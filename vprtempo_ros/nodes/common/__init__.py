"""What all ROS programs of the package share."""
