"""Check the laboratory's JavaScript: ``python -m tools.javascript.check [--write]``.

TypeScript reads the types in the JSDoc comments; biome looks at style and format, and puts right
what it can with ``--write``. Both are fetched once, as ``package-lock.json`` here has them.
"""

import subprocess
import sys
from pathlib import Path

from tools.build.static_files import install
from tools.paths import BUILD, ROOT

HERE = Path(__file__).parent
FOLDER = BUILD / "npm-checks"
BINARIES = FOLDER / "node_modules/.bin"
CHECKED = ["vae_lib/lab"]


def main() -> None:
    """Run both, and exit with an error if one complains."""
    lock = HERE / "package-lock.json"
    done = FOLDER / "done"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        print("Fetching TypeScript and biome", flush=True)
        install(HERE, FOLDER)
        done.write_bytes(lock.read_bytes())
    tsc: list[str | Path] = [BINARIES / "tsc", "--project", HERE]
    biome: list[str | Path] = [
        BINARIES / "biome",
        "check",
        "--error-on-warnings",
        f"--config-path={HERE}",
    ]
    biome += [*sys.argv[1:], *CHECKED]
    processes = [subprocess.Popen(command, cwd=ROOT) for command in (tsc, biome)]
    if any([process.wait() for process in processes]):
        raise SystemExit("The JavaScript has errors: see above.")


if __name__ == "__main__":
    main()
