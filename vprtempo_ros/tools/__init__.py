"""Command-line tools that do not use ROS."""
