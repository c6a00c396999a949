"""Each formula broken in turn, to see a test fail."""
