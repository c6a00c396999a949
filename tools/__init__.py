"""Commands that build and tend the book; run them from the repository's root."""
