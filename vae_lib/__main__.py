"""The library from a terminal: ``python -m vae_lib train`` (evaluate, sample, reproduce)."""

from vae_lib.cli.commands import main
from vae_lib.engine.stopping import end_undisturbed

if __name__ == "__main__":
    try:
        main()
    finally:
        end_undisturbed()
