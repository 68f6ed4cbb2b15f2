"""Command-line tools that use ROS: replay, view, show_matches."""
