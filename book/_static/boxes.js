// A solution that a link leads to is open; the link sign in its title neither opens nor closes it.
const openNamed = () =>
  document.getElementById(location.hash.slice(1))?.querySelector(".toggle-button-hidden")?.click();
addEventListener("hashchange", openNamed);
// Pictures and fonts that came late may have carried the place away; a reader who has moved stays.
let moved = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"])
  addEventListener(sign, () => (moved = true), { once: true, passive: true });
addEventListener("load", () => {
  if (!moved) document.getElementById(location.hash.slice(1))?.scrollIntoView();
});
addEventListener("DOMContentLoaded", () => {
  openNamed();
  for (const sign of document.querySelectorAll(".admonition-title > .headerlink"))
    sign.addEventListener("click", (event) => event.stopPropagation());
});
