"""What people look at: the live page, its pictures, query beside match. Nothing here is ROS."""
