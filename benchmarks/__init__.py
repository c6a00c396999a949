"""vae_lib beside its peers: a command measures and writes ``benchmarks/<name>.json``."""

import os

os.environ.setdefault("TQDM_DISABLE", "1")  # a peer's bar of each batch: time that is not its own
