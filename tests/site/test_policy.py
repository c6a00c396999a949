"""Every built page begins with its policy, lives under it and refuses what is injected."""

from html.parser import HTMLParser

import pytest
from browser import in_both_engines, open_page

from tools.build.policy import INLINE, POLICY
from tools.paths import HTML

pytestmark = pytest.mark.usefixtures("address")  # skipped where there are no built pages
NAME = "en/04_gradients.html"  # has formulas, explorers and folded boxes
PEEKED_AT = 1024  # bytes in which a browser looks for the encoding
FETCHED_EARLY = ("next", "prefetch")  # by Firefox, and refused by the policy
INJECTED = {
    "a script": "document.head.append(Object.assign(document.createElement('script'), "
    "{textContent: 'window.ran = 1'}))",
    "a handler": "document.body.insertAdjacentHTML('beforeend', "
    '\'<img src="data:," onerror="window.ran = 1">\')',
    "an address": "document.body.appendChild(Object.assign(document.createElement('a'), "
    "{href: 'javascript:window.ran = 1'})).click()",
    "another host": "document.head.append(Object.assign(document.createElement('script'), "
    "{src: 'http://evil.example/x.js'}))",
    "a frame": "document.body.insertAdjacentHTML('beforeend', "
    "'<iframe srcdoc=\"<script>parent.ran = 1</script>\"></iframe>')",
    "a base": "document.head.append(Object.assign(document.createElement('base'), "
    "{href: 'http://evil.example/'}))",
}


class Reader(HTMLParser):
    """What of a page's tags concerns the policy."""

    def __init__(self):
        super().__init__()
        self.first_in_head, self.policies, self.wrong = None, [], []
        self.in_head = False

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if self.in_head and self.first_in_head is None:
            self.first_in_head = values.get("http-equiv")
        self.in_head = self.in_head or tag == "head"
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(values["content"])
        self.wrong += [f"<{tag} {name}=…>" for name in values if name.startswith("on")]
        if tag == "link" and values.get("rel") in FETCHED_EARLY:
            self.wrong.append(f"<{tag} rel={values['rel']}>")
        for name, value in attributes:
            if name in ("href", "src", "action") and "javascript:" in (value or "").lower():
                self.wrong.append(f'<{tag} {name}="{value}">')
        if values.get("target") and "noopener" not in (values.get("rel") or "").split():
            self.wrong.append(f"<{tag} target={values['target']} href={values.get('href')}>")


def test_every_page_has_its_policy_and_no_handler_and_opens_no_door():
    names = sorted(path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html"))
    assert {"index.html", "404.html", "en/index.html", "zh-TW/search.html", NAME} < set(names)
    for name in names:
        text = (HTML / name).read_text("utf-8")
        reader = Reader()
        reader.feed(text)
        assert not reader.wrong, f"{name}: {reader.wrong}"
        assert reader.first_in_head == "Content-Security-Policy", name
        [policy] = reader.policies
        assert policy.startswith(POLICY), name
        assert "unsafe-eval" not in policy, name
        assert policy.count("'sha256-") == len(set(INLINE.findall(text))), name
        start = (HTML / name).read_bytes()[:PEEKED_AT].lower()
        assert b'<meta charset="utf-8"' in start, f"{name}: a browser has to guess the encoding"


def told_of_a_refusal(page) -> bool:
    """Whether the page tells of one; a new frame on a busy machine takes seconds to."""
    for _ in range(200):
        page.wait_for_timeout(50)
        if any(one.startswith("refused by the policy:") for one in page.problems):
            return True
    return False


@in_both_engines
@pytest.mark.parametrize("name", [NAME, "zh-TW/notation.html"])
def test_what_is_injected_is_refused(page, root, name):
    open_page(page, root, name)
    assert not page.problems
    for what, script in INJECTED.items():
        page.evaluate(script)
        assert told_of_a_refusal(page), f"{what} is not refused"
        page.problems.clear()
        assert page.evaluate("window.ran") is None, f"{what} ran"
        assert page.evaluate("new URL('x', document.baseURI).host === location.host"), what
    page.hosts.clear()  # what the test itself asked is no page's doing


def test_print_button_prints(page, root):
    open_page(page, root, "zh-TW/notation.html")
    page.evaluate("window.print = () => (window.printed = true)")
    page.locator(".btn-download-pdf-button").first.dispatch_event("click")
    assert page.evaluate("window.printed")
    assert not page.problems
