// Loaded before require.js, which takes these for its settings: the widgets' icons lie beside this
// file.
window.require = {
  paths: {
    "@jupyter-widgets/html-manager/dist": document.currentScript.src.replace(/\/[^/]*$/, ""),
  },
};

// The widgets ask MathJax 2 to typeset their labels; pass each request on to MathJax 3.
addEventListener("DOMContentLoaded", () => {
  if (window.MathJax) {
    MathJax.Hub = { Queue: ([, , element]) => MathJax.typesetPromise([element]) };
  }
});
