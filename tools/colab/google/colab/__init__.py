"""Stands in for Colab's own package: the notebooks only ask whether it has been imported."""
