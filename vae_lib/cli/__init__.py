"""The commands of ``python -m vae_lib``."""
