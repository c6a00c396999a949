// Formulas for the keyboard and the screen reader. MathJax puts MathML beside each formula, which
// screen readers say in the reader's own language. Here each displayed formula, and each that is wider
// than its line, gets a name and a place in the tab order, so that the arrow keys scroll it. On
// English pages Enter loads MathJax's explorer, which says the formulas part by part; its speech
// rules know no Chinese. The words stand in attributes of this script's element.
const formulaWords = document.currentScript.dataset;
addEventListener("DOMContentLoaded", () => {
  const startup = window.MathJax?.startup;
  if (!startup) return;
  const COMPILED = 20; // the state of a formula that MathJax has read and not yet drawn
  const SLACK = 2; // pixels that a slanted letter stands out of its box
  const chinese = document.documentElement.lang.startsWith("zh");
  const formulas = () => [...document.querySelectorAll("mjx-container")];
  startup.promise.then(nameFormulas);
  addEventListener("resize", nameFormulas);
  if (!chinese) addEventListener("keydown", loadExplorer, { capture: true });

  function nameFormulas() {
    const wanted = formulas().filter((formula) => {
      const box = formula.closest(".math");
      return formula.hasAttribute("display") || (box && box.scrollWidth > box.clientWidth + SLACK);
    });
    wanted.forEach(nameFormula);
  }

  function nameFormula(formula) {
    const number = formula.closest("div.math")?.querySelector(".eqno")?.textContent;
    const digits = number?.match(/\(([^)]+)\)/)?.[1];
    formula.tabIndex = 0;
    formula.setAttribute("role", "group");
    const { numbered, plain } = formulaWords;
    formula.setAttribute("aria-label", digits ? numbered.replace("{number}", digits) : plain);
  }

  async function loadExplorer(event) {
    const place = formulas().indexOf(event.target);
    if (event.key !== "Enter" || place < 0) return;
    removeEventListener("keydown", loadExplorer, { capture: true });
    event.preventDefault();
    event.stopPropagation();
    await MathJax.loader.load("a11y/sre");
    window.SREfeature.custom = speechRules;
    const { menu } = startup.document;
    await new Promise((ready) => {
      menu.rerender = ready; // the menu would draw at once, before the rules are there
      menu.setExplorer(true);
    });
    delete menu.rerender;
    startup.document.reset({ inputJax: [] });
    await MathJax._.mathjax.mathjax.handleRetriesFor(() => startup.document.rerender(COMPILED));
    removeEventListener("resize", nameFormulas); // the explorer's names are what the formulas say
    for (const formula of formulas()) formula.tabIndex = 0; // its 1 would come before all else
    const formula = formulas()[place];
    formula.focus();
    const enter = { key: "Enter", keyCode: 13, bubbles: true };
    formula.dispatchEvent(new KeyboardEvent("keydown", enter));
  }

  // A page that is opened as a file may not fetch the rules, but it may run them as a script.
  async function speechRules(locale) {
    const script = document.createElement("script");
    script.src = `${window.SREfeature.json}/${locale}.js`;
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });
    return JSON.stringify(window.speechRules[locale]);
  }
});
