// Loaded before require.js, which takes these for its settings: the icons that the widgets' style
// sheets name lie beside this file.
{
  const folder = document.currentScript.src.replace(/\/[^/]*$/, "");
  const names = ["@jupyter-widgets", "@jupyter-widgets/html-manager/dist"];
  window.require = { paths: Object.fromEntries(names.map((name) => [name, folder])) };
}

// The widgets ask MathJax 2 to typeset their labels; pass each request on to MathJax 3.
addEventListener("DOMContentLoaded", () => {
  if (window.MathJax) {
    MathJax.Hub = { Queue: ([, , element]) => MathJax.typesetPromise([element]) };
  }
});
