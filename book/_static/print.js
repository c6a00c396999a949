// The button that prints, for which the theme has an attribute that the pages' policy lets not run.
addEventListener("click", (event) => {
  if (event.target.closest(".btn-download-pdf-button")) print();
});

// The switch beside it; no page remembers it.
addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".btn-print-solutions-button")) {
    button.setAttribute("role", "switch");
    button.setAttribute("aria-checked", false);
    button.addEventListener("click", (event) => {
      event.stopPropagation();  // which would close the menu
      const on = document.documentElement.classList.toggle("with-solutions");
      button.setAttribute("aria-checked", on);
    });
  }
});

// Paper is white: a page that is shown dark is printed in its light theme.
let shown;
addEventListener("beforeprint", () => {
  shown = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = shown;
});
