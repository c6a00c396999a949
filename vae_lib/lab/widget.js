// A lab in JupyterLab, VS Code or Colab: what anywidget loads. What it shows is Python's to read.

import { LABS } from "./labs.js";
import { mount } from "./shell.js";
import { languageOf } from "./words.js";

/**
 * @param {{model: any, el: HTMLElement}} host
 * @returns {() => void} what is called when the notebook removes the lab
 */
function render({ model, el }) {
  const root = el.appendChild(document.createElement("div"));
  root.className = "lab";
  root.dataset.lab = model.get("name");
  const language = languageOf(navigator.language);
  let told = model.get("state");
  const packed = model.get("packed") ?? {};
  const lab = mount(root, LABS[model.get("name")], language, told, packed, (numbers) => {
    told = numbers;
    model.set("state", numbers);
    model.save_changes();
  });
  const listen = () => {
    const state = model.get("state");
    const settings = Object.entries(state).filter(([name, value]) => value !== told[name]);
    if (state !== told) lab.set(Object.fromEntries(settings));
  };
  model.on("change:state", listen);
  return () => {
    lab.stop();
    model.off("change:state", listen);
  };
}

export default { render };
