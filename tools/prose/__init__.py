"""What the prose of the pages says, held against what the pages compute."""
