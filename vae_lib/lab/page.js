// The labs of a built page, where their markup stands already.

import { LABS } from "./labs.js";
import { mount } from "./shell.js";
import { languageOf } from "./words.js";

/** @typedef {import("./shell.js").Packed} Packed */

const PACKED = new URL("packed/", /** @type {HTMLScriptElement} */ (document.currentScript).src);
/** @type {Map<string, Promise<unknown>>} */
const coming = new Map();

/**
 * Networks and digits travel as scripts, once for all labs of a page.
 * @param {string} name
 * @returns {Promise<unknown>}
 */
function fetched(name) {
  const script = document.createElement("script");
  script.src = new URL(`${name}.js`, PACKED).href;
  return new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => {
      coming.delete(name);
      reject(new Error(`${script.src} did not come`));
    };
    document.head.append(script);
  });
}

/**
 * @param {string[]} names
 * @returns {Promise<Packed>}
 */
async function all(names) {
  for (const name of names) if (!coming.has(name)) coming.set(name, fetched(name));
  await Promise.all(names.map((name) => coming.get(name)));
  return /** @type {any} */ (globalThis).vaeLab;
}

function start() {
  const language = languageOf(document.documentElement.lang);
  for (const root of document.querySelectorAll("[data-lab]")) {
    const { lab, start } = /** @type {HTMLElement} */ (root).dataset;
    const one = LABS[String(lab)];
    mount(/** @type {HTMLElement} */ (root), one, language, JSON.parse(String(start)), () =>
      all(one.needs ?? []),
    );
  }
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
