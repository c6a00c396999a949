"""Labs live in a page under the book's policy, say the right numbers, and obey hand, keys and ear.

No page of the book need have one: the tests put each lab where the text of a built page stood.
"""

import gzip
import json
import math
import re
import shutil

import labs
import pytest
import torch
from browser import cannot_run, in_both_engines, watch
from bs4 import BeautifulSoup

from tools.build.lab import ESBUILD, PACKED, bundle
from tools.build.policy import with_policy
from tools.paths import HTML, LANGUAGES, ROOT
from tools.site.axe import AXE, audit
from tools.site.browsing import serve, wait_for

pytest.importorskip("anywidget", reason="anywidget is not installed: run `make` to have it")

from vae_book.labs import as_html

from vae_lib.lab import STARTS

EXACT = {"rel": 1e-9, "abs": 1e-10}  # sums of a few thousand terms in double precision
TRAINED = {"rel": 1e-6}  # what the laboratory promises
CLIMBED = {"rel": 1e-6}  # the same steps by other code, whose roundings the optimizer may enlarge
NOTATION = "notation.html"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
# A lab that needs networks or digits wakes when the reader reaches for it.
READY = """() => {
    const lab = document.querySelector(".lab");
    lab?.dispatchEvent(new PointerEvent("pointerenter"));
    return lab?.dataset.state !== undefined;
}"""
SETTLED = """() => {
    const status = document.querySelector(".lab .status").textContent;
    return status && status === document.querySelector(".lab .numbers").textContent
        && !document.querySelector(".lab button[aria-pressed]");
}"""
LATER = "step => JSON.parse(document.querySelector('.lab').dataset.state).step > step"
FINGER = 44  # pixels
SMALL = """finger => [...document.querySelectorAll(".lab :is(input[type=range], .switch, button)")]
    .filter(node => node.getBoundingClientRect().height < finger).map(node => node.outerHTML)"""


@pytest.fixture(autouse=True)
def _double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, address):
    """A page of each lab in each language: the styles, scripts and policy of a built one."""
    if not ESBUILD.exists():
        cannot_run("esbuild is not there: run `make book` first")
    folder = tmp_path_factory.mktemp("labs")
    for language in LANGUAGES:
        shutil.copytree(HTML / language / "_static", folder / language / "_static")
        (folder / language / "lab.js").write_text(bundle("page.js", "iife"), "utf-8")
        shutil.copytree(PACKED, folder / language / "packed")
        text = POLICY.sub("", (HTML / language / NOTATION).read_text("utf-8"))
        for name, start in STARTS.items():
            page = BeautifulSoup(text, "html.parser")
            lab = as_html({"name": name, "state": start}, language, "lab-1")
            page.article.clear()
            page.article.append(BeautifulSoup(f"<h1>{name}</h1>{lab}", "html.parser"))
            page.head.append(page.new_tag("script", src="lab.js", attrs={"async": ""}))
            (folder / language / f"{name}.html").write_text(with_policy(str(page)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serve(folder) as address:
        yield address


@pytest.fixture
def place(request, folder, server):
    """Where the labs' pages are: on a server, or where `from_both` says so on the reader's disk."""
    return folder.as_uri() if getattr(request, "param", "http") == "file" else server


from_both = pytest.mark.parametrize("place", ["http", "file"], indirect=True)


@pytest.fixture
def lab(browser, place):
    """A function that opens a lab's page; what went wrong there is seen at the end."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        watch(page, place)

        def opened(name, language="en"):
            page.goto(f"{place}/{language}/{name}.html")
            wait_for(page, READY)
            return page

        yield opened
        assert not page.problems


def state(page):
    return json.loads(page.locator(".lab").get_attribute("data-state"))


def choose(page, name, value):
    """Move a slider there at once, as a finger may."""
    page.locator(f".lab input[name={name}]").evaluate(
        """(slider, value) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input", {bubbles: true}));
        }""",
        value,
    )
    return state(page)


def press(page, name):
    page.locator(f".lab button[name={name}]").click()
    wait_for(page, SETTLED)
    return state(page)


def without_motion(page):
    """Runs end at once; Firefox, which takes no order here, is started so."""
    if page.context.browser.browser_type.name == "chromium":
        page.emulate_media(reduced_motion="reduce")


def shows(found, expected, tolerance=None):
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, **(tolerance or EXACT)), name


def settings(found, name):
    return {setting: found[setting] for setting in STARTS[name]}


@in_both_engines
@from_both
def test_climb_shows_the_exact_bound_and_takes_the_steps_that_torch_takes(lab):
    page = lab("climb")
    without_motion(page)
    shows(state(page), STARTS["climb"] | labs.climb(**STARTS["climb"]))
    for name, value in (("mean", 1.3), ("width", math.log(0.4)), ("slope", math.log(2))):
        found = choose(page, name, value)
        shows(found, labs.climb(**settings(found, "climb")))
        assert found["evidence"] > found["elbo"]
    assert found["mean"] == pytest.approx(1.3) and found["width"] == pytest.approx(0.4, abs=0.01)
    press(page, "again")
    shows(press(page, "climb"), labs.climbed(**STARTS["climb"]), CLIMBED)


def test_no_step_of_em_goes_down(lab):
    page = lab("climb", "zh-TW")
    without_motion(page)
    before = press(page, "climb")
    for _ in range(2):
        learned = press(page, "learn")
        shows(learned, labs.learned(**settings(before, "climb")), CLIMBED)
        assert learned["elbo"] > before["elbo"] and learned["evidence"] > before["evidence"]
        after = press(page, "climb")
        assert learned["elbo"] < after["elbo"] < after["evidence"] == learned["evidence"]
        before = after


@in_both_engines
@from_both
def test_miss_draws_and_counts_as_the_library_does(lab):
    page = lab("miss")
    without_motion(page)
    shows(state(page), labs.miss(**STARTS["miss"]))
    choose(page, "x", 3)
    found = choose(page, "noise", math.log(0.1))
    shows(found, labs.miss(**settings(found, "miss")))
    assert found["needed"] == math.ceil(100 * found["chi_square"])
    found = press(page, "draw")
    assert found["draws"] == 10_000
    shows(found, labs.miss(**settings(found, "miss"), count=10_000))


@in_both_engines
@from_both
def test_noise_draws_estimates_as_the_library_does(lab):
    page = lab("noise")
    without_motion(page)
    shows(state(page), labs.noise(0.5, False, 1))
    for count in (2, 3):
        shows(press(page, "one"), labs.noise(0.5, False, count))
    page.locator(".lab input[name=baseline]").check()
    found = choose(page, "sigma", math.log(0.1))
    shows(found, labs.noise(found["sigma"], True, 3))
    found = press(page, "run")
    assert found["draws"] == 3000
    shows(found, labs.noise(found["sigma"], True, 3000))
    assert abs(found["pathwise"] - 3) < 4 * found["spread_pathwise"] / math.sqrt(3000)
    assert abs(found["score"] - 3) < 4 * found["spread_score"] / math.sqrt(3000)


@in_both_engines
def test_weights_are_those_of_the_library(lab):
    page = lab("weights")
    shows(state(page), labs.weights(**STARTS["weights"]))
    for name, value in (("k", math.log(100)), ("mean", 1.3), ("width", math.log(0.4))):
        found = choose(page, name, value)
        shows(found, labs.weights(**settings(found, "weights")))
    assert 90 < found["k"] < 110 and found["ess"] < found["k"]  # the track has stops
    assert press(page, "redraw")["bound"] != found["bound"]


@in_both_engines
@from_both
def test_draw_encodes_as_the_library_does(lab):
    page = lab("draw")
    start, first = labs.drawn(7)
    shows(state(page), STARTS["draw"] | start)
    again, second = labs.drawn(7, after=first)
    found = press(page, "digit7")
    shows(found, again)
    assert [found["z1"], found["z2"]] == found["mean"]
    shows(press(page, "digit2"), labs.drawn(2, after=second)[0] | {"drawn": True})
    assert not press(page, "clear")["drawn"]
    shows(choose(page, "z1", -0.5), {"z1": -0.5, "drawn": False})


@in_both_engines
def test_a_drawn_one_is_read_as_a_one_wherever_it_stands(lab):
    page = lab("draw")
    drawings = []
    for left, top, height in ((0.5, 0.1, 0.8), (0.2, 0.3, 0.4)):
        press(page, "clear")
        box = page.locator(".lab .pad").bounding_box()
        x, y = box["x"] + left * box["width"], box["y"] + top * box["height"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + height * box["height"], steps=8)
        page.mouse.up()
        page.mouse.move(x + 20, y)  # no longer drawn
        drawings.append(state(page))
        assert drawings[-1]["nearest"] == [1, 1, 1]
        assert page.locator(".lab .pen").count() == 1
    assert drawings[0]["mean"] == pytest.approx(drawings[1]["mean"], abs=0.1)


PATHS = """picture => [...picture.querySelectorAll("path")].map(path =>
    [Number(path.getAttribute("fill-opacity")), path.getAttribute("d")])"""


def levels(page, panel, number):
    """The ink, from 0 to 8, of one of a drawing's pictures of 28 × 28 pixels."""
    ink = torch.zeros(28, 28)
    picture = page.locator(".lab .drawing").nth(panel).locator(".picture").nth(number)
    for opacity, path in picture.evaluate(PATHS):
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", path):
            ink[int(y), int(x) : int(x) + int(length)] = 8 * opacity
    return ink.flatten().int().tolist()


@in_both_engines
@from_both
def test_walk_goes_between_codes_and_along_a_coordinate_as_the_library_does(lab):
    page = lab("walk")
    without_motion(page)
    found = state(page)
    for name, value in (("t", 0.5), ("t", 0.2), ("rank", 4), ("value", -1.5)):
        expected, pictures = labs.walk(**settings(found, "walk"))
        shows(found, expected)
        assert found["elbo_decoded"] > found["elbo_mixed"]
        for place, picture in (((1, 0), "decoded"), ((1, 1), "mixed"), ((2, 0), "changed")):
            expected = (8 * pictures[picture] + 0.5).floor().int().tolist()
            assert levels(page, *place) == expected, picture
        found = choose(page, name, value)
    found = press(page, "second")
    expected, pictures = labs.walk(
        **settings(found, "walk"), samples=(labs.ENDS[0], labs.ENDS[1] + 1)
    )
    shows(found, expected)
    assert levels(page, 0, 2) == levels(page, 0, 3)  # as it stands there, and as it is encoded
    found = press(page, "walk")
    assert found["t"] == 1 and levels(page, 1, 1) == levels(page, 0, 2)
    assert levels(page, 1, 0) == levels(page, 1, 8)  # the last one on the way


def test_a_digit_drawn_in_one_square_takes_the_place_of_that_end(lab):
    page = lab("walk")
    before = state(page)
    for i, place in ((1, 0.5), (1, 0.6), (0, 0.4)):
        box = page.locator(".lab .pad").nth(i).bounding_box()
        x, y = box["x"] + place * box["width"], box["y"] + 0.1 * box["height"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + 0.8 * box["height"], steps=8)
        page.mouse.up()
        found = state(page)
        assert found["labels"][i] == -1 and found["kl"][i] != before["kl"][i]
        assert found["kl"][1 - i] == before["kl"][1 - i]
        before = found
    assert page.locator(".lab .pen").count() == 3
    press(page, "second")
    assert page.locator(".lab .pen").count() == 1
    assert state(page)["labels"] == [-1, labs.ENDS[1] + 1]


def test_a_dream_is_a_draw_from_the_prior(lab):
    page = lab("draw")
    without_motion(page)
    before = state(page)
    found = press(page, "dream")
    assert found["dreams"] == 12 and found["mean"] == before["mean"]
    random = labs.draws(1, 2 * 5 + 2 * 12)[-2:].tolist()
    assert [found["z1"], found["z2"]] == pytest.approx(random)


def test_what_is_heavy_comes_at_the_first_touch_and_the_touch_is_not_lost(browser, server):
    page = browser.new_page(reduced_motion="reduce")
    asked = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.goto(f"{server}/en/draw.html", wait_until="networkidle")
    assert "lab.js" in asked and "plane.js" not in asked and "digits.js" not in asked
    page.locator(".lab button[name=digit2]").click()
    wait_for(page, READY)
    shows(state(page), labs.drawn(2, after=labs.drawn(7)[1])[0])
    assert asked.count("plane.js") == asked.count("digits.js") == 1 and "traverse.js" not in asked
    page.close()


@in_both_engines
def test_train_takes_the_steps_that_torch_takes(lab):
    page = lab("train")
    without_motion(page)
    found = press(page, "train")
    shows(found, labs.train(), TRAINED)
    assert found["log_likelihood"] == found["kl"] - found["loss"] and found["held_out"] > -46.5


def test_training_goes_on_while_the_plane_is_walked(lab):
    page = lab("train")
    page.locator(".lab button[name=train]").click()
    found = choose(page, "z1", 1)
    assert found["z1"] == 1
    wait_for(page, LATER, found["step"])
    page.locator(".lab button[name=train]").click()


@pytest.mark.parametrize(
    ("switch", "mistake", "red"),
    [
        ("pixels", "mean over pixels", {"floor", "posterior", "doubled", "units", "slope"}),
        ("no_noise", "no noise", {"posterior", "slope"}),
    ],
)
def test_mistakes_are_made_and_caught(lab, switch, mistake, red):
    page = lab("mistakes")
    without_motion(page)
    page.locator(f".lab input[name={switch}]").check()
    found = press(page, "train")
    shows(found, labs.train(mistake), TRAINED)
    checks = ("floor", "posterior", "blind", "doubled", "units", "slope")
    assert {name for name in checks if found[name] > 1e-6} == red
    assert page.locator(".lab text.mark.red").count() == len(red)


def test_linear_reaches_the_evidence_and_the_evidence_its_maximum(lab):
    page = lab("linear")
    without_motion(page)
    start = state(page)
    assert start["family"] > 0.3 and start["encoder"] > 1
    found = press(page, "learn")
    assert 0 <= found["gap"] < 0.01
    assert found["elbo"] + found["encoder"] + found["family"] == pytest.approx(found["evidence"])
    shows(found, labs.linear(), {"abs": 1e-6})  # it has not quite ended after 2,000 steps


@pytest.mark.parametrize("name", [name for name in STARTS if name != "weights"])
def test_a_run_is_seen_and_stops_when_its_button_is_pressed_again(lab, name):
    page = lab(name)
    button = page.locator(".lab button").nth(-2)
    before, drawn = state(page), page.locator(".lab svg").last.inner_html()
    button.click()
    wait_for(page, "before => document.querySelector('.lab').dataset.state !== before", before)
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert button.get_attribute("aria-pressed") is None
    after = state(page)
    page.wait_for_timeout(100)
    assert state(page) == after != before
    assert page.locator(".lab svg").last.inner_html() != drawn
    assert press(page, "again") == before


@in_both_engines
@pytest.mark.parametrize("name", STARTS)
def test_by_the_keyboard_alone_and_said_aloud(lab, name):
    page = lab(name, "zh-TW")
    without_motion(page)
    assert page.locator(".lab .status").inner_text() == ""
    page.locator(".lab input").first.focus()
    reached, last = [], page.locator(".lab button").last
    while last.evaluate("button => document.activeElement !== button"):
        focused = page.locator(":focus")
        kind = focused.get_attribute("type")
        reached.append(focused.get_attribute("name"))
        before = state(page)
        page.keyboard.press({"range": "ArrowRight"}.get(kind, "Space"))
        wait_for(page, SETTLED)
        if kind == "range":
            assert state(page)[reached[-1]] > before[reached[-1]]
            said = focused.get_attribute("aria-valuetext")
            assert said == focused.locator("xpath=preceding-sibling::output").inner_text()
        assert state(page) != before
        assert re.search("[\u4e00-\u9fff]", page.locator(".lab .status").inner_text())
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shows(state(page), STARTS[name])
    assert len(reached) == page.locator(".lab :is(input, button)").count() - 1


@in_both_engines
def test_a_mouse_drags_the_peak_of_q(lab):
    page = lab("climb")
    box = page.locator(".lab .handle circle").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    page.mouse.up()
    found = state(page)
    assert found["mean"] > 0.5 and found["width"] < 0.8
    after = page.locator(".lab .handle circle").last.bounding_box()
    assert after["x"] == pytest.approx(box["x"] + 60, abs=1.5)
    assert after["y"] == pytest.approx(box["y"] - 40, abs=1.5)
    page.mouse.move(x, y)
    assert state(page) == found


def test_a_finger_drags_the_peak_and_elsewhere_scrolls(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 600}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server}/en/climb.html")
    wait_for(page, READY)
    page.locator(".lab svg").first.scroll_into_view_if_needed()
    touch = context.new_cdp_session(page)

    def swipe(x, y):
        for kind, step in (("Start", 0), *(("Move", i) for i in range(1, 6)), ("End", 0)):
            points = [{"x": x + 12 * step, "y": y - 8 * step}] if kind != "End" else []
            send = {"type": f"touch{kind}", "touchPoints": points}
            touch.send("Input.dispatchTouchEvent", send)
        page.wait_for_timeout(100)

    box = page.locator(".lab .handle circle").last.bounding_box()
    scrolled = page.evaluate("scrollY")
    swipe(box["x"] + 5, box["y"] + 5)
    found = state(page)
    assert found["mean"] > 0.5 and found["width"] < 0.8
    assert page.evaluate("scrollY") == scrolled
    panel = page.locator(".lab svg").first.bounding_box()
    swipe(panel["x"] + 60, panel["y"] + panel["height"] - 60)
    assert state(page) == found
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STARTS)
def test_axe_finds_nothing_and_all_is_for_fingers(browser, server, legible, name, language):
    if not AXE.exists():
        cannot_run("axe-core is not there: run `make book` first")
    page = browser.new_page(reduced_motion="reduce")
    page.goto(f"{server}/{language}/{name}.html")
    wait_for(page, READY)
    found = audit(page, name, legible)  # it leaves the page 390 pixels wide
    assert not found, "\n".join(f"{one.rule} {one.place}: {one.why}" for one in found)
    assert page.evaluate(SMALL, FINGER) == []
    page.close()


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (390, "zh-TW")])
@pytest.mark.parametrize("name", STARTS)
def test_nothing_moves_when_the_script_comes_nor_later(browser, server, name, width, language):
    page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    boxes = []

    def box():
        return page.locator(".lab").evaluate("lab => `${lab.offsetTop} ${lab.offsetHeight}`")

    page.route("**/lab.js", lambda route: route.abort())
    page.goto(f"{server}/{language}/{name}.html")
    boxes.append(box())
    drawn = page.locator(".lab .drawing").first.inner_html()
    page.unroute("**/lab.js")
    page.goto(f"{server}/{language}/{name}.html")
    wait_for(page, READY)
    assert page.locator(".lab .drawing").first.inner_html() == drawn
    boxes.append(box())
    press(page, page.locator(".lab button").nth(-2).get_attribute("name"))
    boxes.append(box())
    for slider in page.locator(".lab input[type=range]").all():
        for end in ("min", "max"):
            choose(page, slider.get_attribute("name"), slider.get_attribute(end))
            boxes.append(box())
    assert len(set(boxes)) == 1, boxes
    page.close()


def test_without_scripts_and_on_paper_a_picture_stands_there(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/en/climb.html")
    assert page.locator(".lab svg").first.is_visible()
    assert "log p(x) = −1.549" in page.locator(".lab .numbers").inner_text()
    assert not page.locator(".lab button").first.is_visible()
    context.close()
    page = browser.new_page()
    page.goto(f"{server}/en/climb.html")
    page.emulate_media(media="print")
    assert page.locator(".lab svg").first.is_visible()
    assert not page.locator(".lab button").first.is_visible()
    page.close()


def test_the_moving_digits_stand_for_the_first_pages_lab_where_no_script_runs(browser, folder):
    """On paper it is a still picture; where scripts run the moving one is not even fetched."""
    text = (ROOT / "book/en/intro.md").read_text("utf-8")
    picture = re.search(r"<picture.*</picture>", text)[0]
    style = (ROOT / "book/_static/cards.css").read_text("utf-8")
    page = (
        (folder / "en/draw.html")
        .read_text("utf-8")
        .replace("<h1>draw</h1>", f'<style>{style}</style><div class="live">Draw.</div>')
    )
    before, close, after = page.rpartition("</article>")
    (folder / "en/first.html").write_text(before + picture + close + after, "utf-8")
    seen = {}
    with serve(folder) as address:
        for kind in ("scripts", "none", "paper"):
            context = browser.new_context(java_script_enabled=kind != "none")
            page = context.new_page()
            if kind == "paper":
                page.emulate_media(media="print")
            asked = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(f"{address}/en/first.html")
            visible = [page.locator(one).is_visible() for one in (".live", ".lab", ".walk")]
            walks = [url.rpartition("/")[2] for url in asked if "walk" in url]
            seen[kind] = (*visible, *walks)
            context.close()
    assert seen == {
        "scripts": (True, True, False, "walk-still.webp"),
        "none": (False, False, True, "walk.webp"),
        "paper": (False, False, True, "walk-still.webp"),
    }


MODEL = """() => {
    const values = {name: "climb", state: {mean: 0, width: 1, slope: 1}};
    const listeners = {};
    window.model = {
        get: name => values[name],
        set: (name, value) => { values[name] = value; },
        save_changes: () => { window.saved = values.state; },
        on: (event, listener) => { listeners[event] = listener; },
        off: event => { delete listeners[event]; },
        listeners,
    };
}"""
RENDER = """import lab from "./bundle.js";
window.remove = lab.render({model, el: document.body});"""
FROM_PYTHON = """mean => {
    model.set("state", {...model.get("state"), mean});
    model.listeners["change:state"]();
}"""


def test_the_module_draws_a_lab_for_a_notebook_and_shares_its_state(browser, folder, server):
    (folder / "bundle.js").write_text(bundle("widget.js", "esm"), "utf-8")
    page = browser.new_page(locale="zh-TW")
    page.goto(f"{server}/bundle.js")
    page.set_content("<html lang='en'><body></body></html>")
    page.evaluate(MODEL)
    page.add_script_tag(type="module", content=RENDER)
    wait_for(page, READY)
    assert "後驗" in page.locator(".lab").inner_text()
    choose(page, "width", math.log(0.4))
    wait_for(page, "window.saved?.width < 0.41")
    page.evaluate(FROM_PYTHON, 1.3)
    found = state(page)
    shows(found, labs.climb(**settings(found, "climb")))
    assert found["mean"] == 1.3 and found["width"] == pytest.approx(0.4, abs=0.01)
    wait_for(page, "window.saved.mean === 1.3")
    page.evaluate("remove()")
    assert page.evaluate("Object.keys(model.listeners).length") == 0
    page.close()


def test_the_script_is_small_and_classic():
    script = bundle("page.js", "iife")
    assert len(gzip.compress(script.encode(), 9)) < 30_000
    assert not re.search(r"\bimport\(|\bexport\b|\beval\b|Worker|createObjectURL|fetch\(", script)
