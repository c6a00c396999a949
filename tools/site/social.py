"""Draw the picture that other sites show beside a link here: ``python -m tools.site.social``.

The result, ``book/_static/social.png``, 1200 by 630 pixels, is committed. Chromium draws it, for
the sake of its Chinese type.
"""

from tools.build.book import read_config
from tools.paths import LANGUAGES, ROOT
from tools.site.browsing import chromium

STATIC = ROOT / "book/_static"
PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>
  body {{ margin: 0; width: 1200px; height: 630px; box-sizing: border-box; padding: 70px 90px;
    background: #fff; color: #1d2530; border-left: 24px solid #0b5c8f; display: flex;
    flex-direction: column; justify-content: center; font-family: "Noto Sans CJK TC", sans-serif; }}
  svg {{ width: 190px; margin-bottom: 40px; }}
  p {{ margin: 0; font-size: 60px; line-height: 1.25; font-weight: 700; text-wrap: balance; }}
  p + p {{ margin-top: 30px; font-size: 48px; font-weight: 500; color: #0b5c8f; }}
</style>{mark}{titles}"""


def main() -> None:
    """Draw the picture."""
    titles = "".join(f'<p lang="{name}">{read_config(name)["title"]}</p>' for name in LANGUAGES)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(PAGE.format(mark=(STATIC / "logo.svg").read_text("utf-8"), titles=titles))
        page.screenshot(path=STATIC / "social.png")


if __name__ == "__main__":
    main()
