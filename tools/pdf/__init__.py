"""The built book as one PDF a language."""
