"""A section's id is the label above its heading, in both languages and whatever the heading says.

Sphinx would put an id of its own in front, made of the heading's words, or ``id3`` where they are
Chinese; links, the table of contents and the search would show that one.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
BEFORE_SPHINX = 400  # whose own handlers note each section's first id, with 500


def keep_labels_alone(app: Sphinx, doctree: nodes.document) -> None:
    """Make each section's label its only id, and warn of a section without one."""
    for section in doctree.findall(nodes.section):
        labels = [one for one in section["ids"] if one.startswith("sec-")]
        if len(labels) != 1:
            LOGGER.warning(
                "the section %r has the labels %s: write one, (sec-...)=, above its heading",
                section[0].astext(),
                labels,
                location=section,
            )
        section["ids"] = labels or section["ids"]
