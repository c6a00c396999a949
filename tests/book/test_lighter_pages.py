"""The pages do without the theme's icon script, and keep their icons."""

import pytest
from lighter_pages import without_icon_script

SCRIPT = """<!-- So that users can add custom icons -->
  <script defer src="../_static/scripts/fontawesome.js?digest=55c2"></script>
"""


def test_script_goes_and_icons_stay_silent():
    page = '<head>{}<script src="a.js"></script></head><i class="fas fa-list"></i><i class="b"></i>'
    silent = page.replace('<i class="fas', '<i aria-hidden="true" class="fas')
    assert without_icon_script(page.format(SCRIPT)) == silent.format("")


def test_an_icon_that_is_silent_already_stays_as_it_is():
    icon = '<i class="fa-solid fa-sun" aria-hidden="true"></i>'
    assert without_icon_script(SCRIPT + icon) == icon


def test_a_theme_that_loads_no_script_is_noticed():
    with pytest.raises(ValueError, match="remove lighter_pages"):
        without_icon_script("<head></head>")
