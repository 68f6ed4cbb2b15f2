"""Command-line tools that need no running ROS."""
