// Likelihoods p(x|z): what the decoder's outputs mean. Rows of D numbers, as in gaussian.js.

import * as gaussian from "./gaussian.js";

/** @typedef {"bernoulli" | "gaussian"} Likelihood */

/**
 * @param {number} logit
 * @returns {number} 1 / (1 + exp(−logit))
 */
export function sigmoid(logit) {
  return 1 / (1 + Math.exp(-logit));
}

/**
 * @param {number} logit
 * @returns {number} log(1 + exp(logit)), without overflow
 */
export function softplus(logit) {
  return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)));
}

/**
 * The log probability of each row of pixels 0 or 1, in nats.
 * @equation eq-bernoulli-logits
 * @param {Float64Array} logits rows of D numbers
 * @param {Float64Array} x rows of D pixels
 * @param {number} size D
 * @returns {Float64Array} one number a row
 */
export function bernoulliLogProb(logits, x, size) {
  const rows = new Float64Array(Math.max(logits.length, x.length) / size);
  for (let i = 0; i < rows.length * size; i++) {
    const logit = logits[i % logits.length];
    rows[Math.floor(i / size)] += x[i % x.length] * logit - softplus(logit);
  }
  return rows;
}

/**
 * The derivative of the log probability in each logit.
 * @equation eq-logit-gradient
 * @param {Float64Array} logits
 * @param {Float64Array} x
 * @returns {Float64Array} of the logits' length
 */
export function bernoulliGradient(logits, x) {
  return logits.map((logit, i) => x[i % x.length] - sigmoid(logit));
}

/**
 * The log density of each row under N(mean, σ² I), in nats.
 * @equation eq-gaussian-likelihood
 * @param {Float64Array} mean rows of D numbers
 * @param {number} logVar log σ²
 * @param {Float64Array} x rows of D numbers
 * @param {number} size D
 * @returns {Float64Array} one number a row
 */
export function gaussianLogProb(mean, logVar, x, size) {
  return gaussian.logProb({ mean, logVar: Float64Array.of(logVar), size }, x);
}

/**
 * The derivatives of the log density in each mean, and in log σ² summed over all rows.
 * @param {Float64Array} mean
 * @param {number} logVar log σ²
 * @param {Float64Array} x
 * @returns {{mean: Float64Array, logVar: number}}
 */
export function gaussianGradients(mean, logVar, x) {
  const precision = Math.exp(-logVar);
  const slopes = mean.map((value, i) => (x[i % x.length] - value) * precision);
  const squares = slopes.reduce((sum, slope) => sum + slope * slope, 0) / precision;
  return { mean: slopes, logVar: 0.5 * (squares - mean.length) };
}
