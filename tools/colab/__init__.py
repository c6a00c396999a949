"""A rehearsal of the notebooks with Colab's versions."""
