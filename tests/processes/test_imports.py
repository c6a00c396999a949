"""What the library does not load."""

import subprocess
import sys


def test_the_library_needs_no_sympy():
    """Only the module of the proofs imports it."""
    code = (
        "import sys; sys.modules['sympy'] = None; "
        "import vae_lib.evidence, vae_lib.gradients, vae_lib.objectives, vae_lib.models"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
