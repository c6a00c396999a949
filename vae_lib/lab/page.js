// The labs of a built page, where their markup stands already.

import { LABS } from "./labs.js";
import { mount } from "./shell.js";
import { languageOf } from "./words.js";

function start() {
  const language = languageOf(document.documentElement.lang);
  for (const root of document.querySelectorAll("[data-lab]")) {
    const { lab, start } = /** @type {HTMLElement} */ (root).dataset;
    mount(
      /** @type {HTMLElement} */ (root),
      LABS[String(lab)],
      language,
      JSON.parse(String(start)),
    );
  }
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
