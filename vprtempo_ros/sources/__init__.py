"""Where frames come from: bags, folders of images; decoding of ROS messages."""
