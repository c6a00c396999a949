// The language switch leads to the place in view. Equations, functions and checks have the same id
// in both languages; headings have not: "#section-3" means the third section of the page.
{
  const PLACES = "article :is(section, div.math, dt, tr)[id]";
  const sections = () => [...document.querySelectorAll("article section[id]")];

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

  const hashInView = () => {
    const place = placeInView();
    if (!place || scrollY === 0) return "";
    if (place.tagName !== "SECTION") return `#${place.id}`;
    return `#section-${sections().indexOf(place) + 1}`;
  };

  const goToSection = () => {
    const number = /^#section-(\d+)$/.exec(location.hash)?.[1];
    const section = number && sections()[number - 1];
    if (section) location.replace(`#${section.id}`);
  };

  addEventListener("DOMContentLoaded", () => {
    goToSection();
    for (const link of document.querySelectorAll("a.language-switch")) {
      const update = () => {
        link.search = location.search; // on the search page: the words searched for
        link.hash = hashInView();
      };
      for (const event of ["focus", "pointerdown", "click"]) link.addEventListener(event, update);
      link.addEventListener("click", () => localStorage.setItem("language", link.hreflang));
    }
  });
}
