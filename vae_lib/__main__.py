"""The library from a terminal: ``python -m vae_lib train`` (evaluate, sample, reproduce)."""

from vae_lib.cli.commands import main

if __name__ == "__main__":
    main()
