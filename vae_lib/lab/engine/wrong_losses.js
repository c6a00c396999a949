// The usual mistakes in a VAE's loss, as in `vae_lib.lessons.wrong_losses`.

import { RIGHT } from "./objectives.js";

/** @typedef {import("./objectives.js").Rule} Rule */

/** @type {Record<string, (dataSize: number) => Partial<Rule>>} */
const CHANGES = {
  "ELBO minimised": () => ({ sign: -1 }),
  "KL sign": () => ({ klWeight: -1 }),
  "mean over pixels": (dataSize) => ({ likelihoodWeight: 1 / dataSize }),
  "σ in the draw": () => ({ drawScale: 1 }),
  "σ in the KL": () => ({ klScale: 2 }),
  "squared error": () => ({ squaredError: true }),
};

/** The mistakes' names. (For "no noise" give noise of zeros.) */
export const MISTAKES = Object.keys(CHANGES);

/**
 * How the loss is put together once mistakes are made.
 * @param {string[]} mistakes some of `MISTAKES`
 * @param {number} dataSize D
 * @returns {Rule}
 */
export function ruleOf(mistakes, dataSize) {
  return Object.assign({}, RIGHT, ...mistakes.map((name) => CHANGES[name](dataSize)));
}
