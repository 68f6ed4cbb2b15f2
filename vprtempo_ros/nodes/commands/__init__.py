"""Commands around the nodes that use ROS: replay, view, show_matches."""
