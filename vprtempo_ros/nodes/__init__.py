"""The ROS 2 nodes: parameters, topics and services around the library. Only here is rclpy."""
