"""The table of published figures and ours: ``{results-table}``.

It shows what the JSON files of ``benchmarks/results`` hold, as negative log-likelihoods, and says
of each published figure without a run by its schedule that it was not run.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tools.release.results import FOLDER, Run, read_runs
from vae_book.tables import paragraph, row, table
from vae_book.words import _
from vae_lib.cli.reproduce import PUBLISHED


class ResultsTable(SphinxDirective):
    """Write the table."""

    def run(self) -> list[nodes.Node]:
        """Return the table; a file that lacks a field is an error of the page."""
        try:
            runs = read_runs(FOLDER)
        except ValueError as error:
            raise self.error(str(error)) from None
        headings = [
            _("Objective"), _("Figure"), _("Standard error"), _("Published"), _("Difference"),
            _("Seed"), _("Training time"), _("Device"),
        ]  # fmt: skip
        rows = []
        for k in sorted(PUBLISHED.keys() | {run.k_train for run in runs}):
            own = [run for run in runs if run.k_train == k]
            if k in PUBLISHED and not any(run.on_schedule for run in own):
                published = figure(PUBLISHED[k])
                rows.append(row(objective(k), _("not run here"), "—", published, *"————"))
            for run in own:
                rows += [figures(run), nodes.row("", nodes.entry("", *protocol(run), morecols=7))]
        return [table("results", headings, rows)]


def figures(run: Run) -> nodes.row:
    """Return the row of a run's figures."""
    published = run.published
    return row(
        objective(run.k_train),
        figure(run.log_likelihood),
        f"{run.standard_error:.2f}",
        "—" if published is None else figure(published),
        difference(published - run.log_likelihood) if published and run.on_schedule else "—",
        str(run.seed),
        duration(run.training_seconds),
        device(run),
    )


def protocol(run: Run) -> list[nodes.paragraph]:
    """Return how the figure was made, and what was typed."""
    schedule = _("A shorter schedule, not the published one")
    if run.on_schedule:
        schedule = _("The published schedule")
    binarisations = {
        "fixed": _("fixed binarisation"), "dynamic": _("dynamic binarisation"),
        "none": _("no binarisation"),
    }  # fmt: skip
    how = _(
        "{schedule}. Protocol: {model}, k = {k_train} in training, {epochs:,} epochs, batch size "
        "{batch_size}, learning rate `{learning_rate}`, `{precision}`; k = {k_test:,} on "
        "{images:,} test images, {binarisation}."
    )
    binarisation = binarisations[run.test_binarisation]
    how = how.format(schedule=schedule, binarisation=binarisation, **vars(run))
    return [paragraph(how), paragraph(_("Command: `{command}`").format(command=run.command))]


def duration(seconds: float) -> str:
    """Return a time in seconds below 100, in minutes below two hours, else in hours."""
    if seconds < 100:
        return _("{:.0f} s").format(seconds)
    if seconds < 7200:
        return _("{:.0f} min").format(seconds / 60)
    return _("{:.1f} h").format(seconds / 3600)


def device(run: Run) -> str:
    """Return what computed: the threads of a processor, or the name of a GPU."""
    if run.threads is None:
        return run.device
    return _("{threads} CPU threads ({architecture})").format(**vars(run))


def objective(k: int) -> str:
    """Return the name that the paper gives to training with k draws."""
    return "VAE" if k == 1 else f"IWAE, k = {k}"


def figure(log_likelihood: float) -> str:
    """Return a log-likelihood as papers print it: its negative, two digits."""
    return f"{-log_likelihood:.2f}"


def difference(nats: float) -> str:
    """Return a difference with its sign."""
    return f"{nats:+.2f}".replace("-", "−")
