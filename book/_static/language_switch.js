// The language switch leads to the place in view: sections, equations, functions and checks have
// the same id in both languages.
{
  const PLACES = "article :is(section, div.math, dt, tr)[id]";

  // What the address names, if it can be seen; else the last place that stands in the upper third
  // of the window or above it.
  const placeInView = () => {
    const places = [...document.querySelectorAll(PLACES)];
    const top = (node) => node.getBoundingClientRect().top;
    // Written as the browser writes it: what the reader wrote may not be decoded at all.
    const named = places.find((node) => new URL(`#${node.id}`, location).hash === location.hash);
    if (named && top(named) >= 0 && top(named) < innerHeight) return named;
    return places.filter((node) => top(node) < innerHeight / 3).at(-1);
  };

  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("a.language-switch")) {
      const update = () => {
        link.search = location.search; // on the search page: the words searched for
        link.hash = scrollY ? (placeInView()?.id ?? "") : "";
      };
      for (const event of ["focus", "pointerdown", "click"]) link.addEventListener(event, update);
      link.addEventListener("click", () => localStorage.setItem("language", link.hreflang));
    }
  });
}
