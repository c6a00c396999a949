"""What is done for a release: the repository's address, the packaged model, its figures."""
