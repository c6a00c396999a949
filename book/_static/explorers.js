// The explorers, said aloud. The widgets give a slider's handle no name and speak its place instead
// of its value; each picture carries its figures, and the page the sentence to put them into.
addEventListener("DOMContentLoaded", () => {
  for (const explorer of document.querySelectorAll(".explorer")) {
    const status = document.createElement("p"); // says the picture after a slider has moved
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    explorer.append(status);
    let timer;
    const say = () => {
      for (const slider of explorer.querySelectorAll(".widget-slider")) nameSlider(slider);
      const said = describePicture(explorer);
      clearTimeout(timer);
      if (said && status.dataset.said && status.dataset.said !== said)
        timer = setTimeout(() => (status.textContent = status.dataset.said = said), 300);
      else if (said) status.dataset.said = said;
    };
    const changes = { subtree: true, childList: true, attributeFilter: ["aria-valuetext"] };
    new MutationObserver(say).observe(explorer, changes);
    say();
  }

  function nameSlider(slider) {
    const [label, handle, readout] = [".widget-label", "[role=slider]", ".widget-readout"].map(
      (selector) => slider.querySelector(selector),
    );
    if (!handle) return;
    label.removeAttribute("title"); // it is "null"
    readout.setAttribute("contenteditable", "false"); // what is typed there does nothing
    set(handle, "aria-label", label.textContent);
    set(handle, "aria-valuetext", readout.textContent);
  }

  function describePicture(explorer) {
    const shown = [...explorer.querySelectorAll("img")].find((img) => img.getClientRects().length);
    const sentence = explorer.dataset.sentence;
    if (shown?.dataset.figures && sentence) {
      const figures = JSON.parse(shown.dataset.figures);
      const fill = (whole, name) => (Object.hasOwn(figures, name) ? figures[name] : whole);
      set(shown, "alt", sentence.replace(/\{(\w+)\}/g, fill));
    }
    return shown?.alt;
  }

  // Only a change, or the observer would never come to rest.
  function set(node, name, value) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
});
