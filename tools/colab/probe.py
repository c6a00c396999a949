"""Run as a notebook's last cell: the library is the installed one, and its sliders answer.

The kernel moves each slider of each explorer by one stop and back. The picture has to change, and
to come back. The last line that is printed counts explorers and sliders.
"""

import sys
from typing import Any

import ipywidgets

import vae_lib


def inside(box: Any, kind: type) -> list[Any]:
    """Return the widgets of one kind anywhere in a box, in the order in which they are shown."""
    found = [box] if isinstance(box, kind) else []
    for child in getattr(box, "children", ()):
        found += inside(child, kind)
    return found


assert vae_lib.__file__.startswith(sys.prefix), f"vae_lib comes from {vae_lib.__file__}"
explorers = [
    output
    for output in globals()["Out"].values()  # where IPython keeps the cells' results
    if isinstance(output, ipywidgets.Box)
]
moved = 0
for number, explorer in enumerate(explorers, start=1):
    pictures = inside(explorer, ipywidgets.HTML)
    for slider in inside(explorer, ipywidgets.SelectionSlider):
        start, before = slider.index, [picture.value for picture in pictures]
        assert "<img" in "".join(before), f"explorer {number} shows no picture"
        slider.index = start - 1 if start else start + 1
        changed = [picture.value for picture in pictures] != before
        slider.index = start
        assert changed, f"explorer {number}: its slider {slider.description!r} is dead"
        assert [picture.value for picture in pictures] == before, f"explorer {number} is not back"
        moved += 1
print(len(explorers), moved)
