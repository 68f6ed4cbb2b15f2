"""Sources of frames: bags, folders of images, the bytes of ROS messages."""
