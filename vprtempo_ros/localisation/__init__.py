"""Where the robot is between matches: map to odom from poses of matches and odometry."""
