"""Visualisation without ROS: the live page, its pictures, and query and match side by side."""
