"""Draw the digits that move on the first page: ``python -m tools.site.walk``.

Each moment is a set of draws from the prior, decoded by the packaged model: with a and b drawn from
N(0, I), cos(t) a + sin(t) b has that distribution at every t, too. After one turn the digits are
where they began. ``book/_static/walk.webp`` moves, and ``walk-still.webp`` is its first moment, for
readers whose system asks for no motion; both are committed.
"""

import math

import torch
from PIL import Image

from tools.paths import ROOT
from vae_lib.checkpoints import load_pretrained
from vae_lib.models import VAE

STATIC = ROOT / "book/_static"
ROWS, COLUMNS = 2, 9
MOMENTS, SECONDS = 40, 4.8  # what moves for longer than five seconds would need a button to stop it
SCALE = 2
SEED = 3


def moment(model: VAE, a: torch.Tensor, b: torch.Tensor, t: float) -> Image.Image:
    """Return the picture of one moment: dark ink on white.

    Args:
        model: Decodes; its images are 28 pixels wide and high.
        a: Latent vectors, shape (ROWS * COLUMNS, L).
        b: The same.
        t: The angle, in radians.
    """
    ink = model.decode(math.cos(t) * a + math.sin(t) * b).mean.reshape(ROWS, COLUMNS, 28, 28)
    sheet = 255 * (1 - ink.transpose(1, 2).reshape(ROWS * 28, COLUMNS * 28))
    picture = Image.fromarray(sheet.byte().numpy(), mode="L")
    return picture.resize((SCALE * picture.width, SCALE * picture.height), Image.Resampling.BICUBIC)


def main() -> None:
    """Draw both files and say what they weigh."""
    model, _ = load_pretrained()
    generator = torch.Generator().manual_seed(SEED)
    a, b = torch.randn(2, ROWS * COLUMNS, model.latent_dim, generator=generator)
    with torch.no_grad():
        angles = [2 * math.pi * number / MOMENTS for number in range(MOMENTS)]
        first, *rest = [moment(model, a, b, t) for t in angles]
    moving, still = STATIC / "walk.webp", STATIC / "walk-still.webp"
    first.save(still, quality=60, method=6)
    pause = round(1000 * SECONDS / MOMENTS)
    first.save(
        moving, save_all=True, append_images=[*rest, first], duration=pause, loop=1, quality=45,
        method=6,
    )  # fmt: skip
    for path in (moving, still):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
