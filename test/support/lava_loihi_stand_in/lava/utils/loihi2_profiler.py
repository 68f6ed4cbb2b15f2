"""What lava.utils.loihi.is_installed() looks for; see ../../README.md."""
