"""A VAE for the rows of a table, also for incomplete ones."""

from collections.abc import Sequence
from dataclasses import asdict

from torch import Tensor, nn

from vae_lib.columns import TableRow, parameter_count, start_of
from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.models import VAE
from vae_lib.networks import GaussianEncoder, mlp
from vae_lib.tables import Column


class TableDecoder(nn.Module):
    """z → p(x|z) of a table's row.

    Args:
        latent_dim: L.
        hidden: Sizes of the hidden layers.
        columns: What each column holds.
        components: K, the Gaussians of each number.

    Raises:
        ValueError: If a size is less than 1.
    """

    @takes()
    def __init__(
        self, latent_dim: int, hidden: Sequence[int], columns: Sequence[Column], components: int
    ) -> None:
        super().__init__()
        self.columns, self.components = tuple(columns), components
        self.body = mlp((latent_dim, *hidden))
        count = parameter_count(columns, components)
        self.parameters_of = nn.Linear((latent_dim, *hidden)[-1], count)
        self.parameters_of.bias.data = start_of(columns, components)

    def forward(self, z: Tensor) -> TableRow:
        """Map latents (..., L) to a likelihood over rows (..., 2 D)."""
        parameters = self.parameters_of(self.body(z)).to(z.dtype)
        return TableRow(parameters, self.columns, self.components)


@takes()
def table_vae(
    columns: Sequence[Column],
    latent_dim: int = 4,
    hidden: Sequence[int] = (64,),
    components: int = 3,
) -> VAE:
    """Build a VAE for rows as ``load_table`` makes them: values, and the mask of those seen.

    The likelihood is that of the seen cells alone, so the bound is one on their log p(x), and
    incomplete rows train it, too, by what they have. The numbers are best spread over their cells
    before (``tables.dequantise_rows``): a density at rounded values counts too much.

    Args:
        columns: What each column holds.
        latent_dim: L.
        hidden: Sizes of the encoder's hidden layers; the decoder mirrors them.
        components: K, the Gaussians of each number: more than 1 for skewed columns.

    Raises:
        ValueError: If a size is less than 1, or there is no column.

    Source: Nazábal et al. 2020.
    """
    if latent_dim < 1:
        raise InputError(f"latent_dim is {latent_dim}: a latent space needs at least 1.")
    decoder = TableDecoder(latent_dim, tuple(reversed(hidden)), columns, components)
    data_dim = 2 * sum(column.width for column in columns)
    model = VAE(GaussianEncoder(data_dim, hidden, latent_dim), decoder, data_dim, latent_dim)
    model.config = {
        "builder": "table_vae", "columns": [asdict(column) for column in columns],
        "latent_dim": latent_dim, "hidden": list(hidden), "components": components,
    }  # fmt: skip
    for column in model.config["columns"]:
        column["categories"] = list(column["categories"])
    return model
