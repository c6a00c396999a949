// A solution that a link leads to is open; the link sign in its title neither opens nor closes it.
const openNamed = () =>
  document.getElementById(location.hash.slice(1))?.querySelector(".toggle-button-hidden")?.click();
addEventListener("hashchange", openNamed);
// A page that grew while it loaded may have carried the place away; one that is loaded again stays.
addEventListener("load", () => {
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate")
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
});
addEventListener("DOMContentLoaded", () => {
  openNamed();
  for (const sign of document.querySelectorAll(".admonition-title > .headerlink"))
    sign.addEventListener("click", (event) => event.stopPropagation());
});
