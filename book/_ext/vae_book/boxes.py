"""Boxes that can be cited: exercises and solutions with numbers, proofs and errata by their names.

A box is named in its source, ``:name: exercise-elbo-estimate``, in the same way in both languages;
the name is its id on the page. Exercises count from 1 in each chapter, a solution has the number of
the exercise that it is named after, and each leads to the other. ``{ref}`` with a box's name shows
its title, such as "Exercise 2.1". (sphinx-exercise knows no Chinese of Taiwan and wants directives
of its own.) Figures have Sphinx's numbers; their names and captions stand in the cells' metadata,
where MyST-NB reads them: ``"mystnb": {"figure": {"name": "fig-...", "caption": "..."}}``.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from vae_book.words import _

PARTNERS = {"exercise": "solution", "solution": "exercise"}


def number_boxes(app: Sphinx, doctree: nodes.document) -> None:
    """Give each named box its number, its title to who refers to it, its ways and its link sign."""
    named = [box for box in doctree.findall(nodes.admonition) if box["names"]]
    boxes = {box["ids"][0]: box for box in named}
    ideas = [name.partition("-")[2] for name in boxes if name.startswith("exercise-")]
    for name, box in boxes.items():
        kind, _dash, idea = name.partition("-")
        if kind in PARTNERS:
            box[0] += nodes.Text(f" {int(app.env.docname[:2])}.{ideas.index(idea) + 1}")
            box["classes"].append(kind)
    titles = {name: box[0].astext() for name, box in boxes.items()}
    for name, box in boxes.items():
        kind, _dash, idea = name.partition("-")
        app.env.domains["std"].labels[name] = (app.env.docname, name, titles[name])
        if kind in PARTNERS:
            partner = f"{PARTNERS[kind]}-{idea}"
            box += nodes.paragraph("", "", link(partner, titles[partner]), classes=["partner"])
        sign = _("Link to {title}").format(title=titles[name])
        box[0] += link(name, app.config.html_permalinks_icon, sign, classes=["headerlink"])


def link(target: str, text: str, title: str = "", **attributes: Any) -> nodes.reference:
    """Return a link to a place on the same page."""
    return nodes.reference("", text, refid=target, internal=True, reftitle=title, **attributes)
