// The button that prints, for which the theme has an attribute that the pages' policy lets not run.
addEventListener("click", (event) => {
  if (event.target.closest(".btn-download-pdf-button")) print();
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
