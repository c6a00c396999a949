"""vae_lib beside its peers: each command measures, prints, and writes ``benchmarks/<name>.json``."""

import os

os.environ.setdefault("TQDM_DISABLE", "1")  # a peer's bar of each batch: time that is not its own
