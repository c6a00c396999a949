"""What makes the mathematics fast and safe: checks, devices, threads, processes, files."""
