// Exact answers for a latent space of one dimension, by the trapezoidal rule on a grid.

import { logSumExp } from "./objectives.js";

const LOG_2PI = Math.log(2 * Math.PI);

/** @typedef {import("./gradients.js").Gaussian1d} Gaussian1d */

/**
 * @param {number} points at least 2
 * @param {number} limit how far the grid reaches to each side
 * @returns {Float64Array} equally spaced
 */
export function grid(points, limit) {
  const step = (2 * limit) / (points - 1);
  return Float64Array.from({ length: points }, (_, i) => -limit + i * step);
}

/**
 * log p(x) = log ∫ p(x, z) dz, in nats.
 * @equation eq-quadrature
 * @param {Float64Array} z the grid
 * @param {Float64Array} logJoint log p(x, z) at each of its points
 * @returns {number}
 */
export function logIntegral(z, logJoint) {
  return logSumExp(weighted(z, logJoint))[0];
}

/**
 * @param {Float64Array} z
 * @param {Float64Array} logValues
 * @returns {Float64Array} plus the log of the rule's weights
 */
function weighted(z, logValues) {
  const last = z.length - 1;
  const log = Math.log((z[last] - z[0]) / last);
  return logValues.map((value, i) => value + log - (i === 0 || i === last ? Math.LN2 : 0));
}

/**
 * The density of p(z|x) at each point of the grid.
 * @equation eq-bayes
 * @param {Float64Array} z the grid
 * @param {Float64Array} logJoint log p(x, z) at each of its points
 * @returns {Float64Array}
 */
export function posteriorDensity(z, logJoint) {
  const evidence = logIntegral(z, logJoint);
  return logJoint.map((value) => Math.exp(value - evidence));
}

/**
 * χ²(p(z|x) ‖ p(z)); over K it is the relative variance of the mean of K draws from the prior.
 * @equation eq-prior-draws-chi-square
 * @param {Float64Array} z the grid
 * @param {Float64Array} logJoint log p(x, z) at each of its points
 * @returns {number}
 */
export function priorChiSquare(z, logJoint) {
  const evidence = logIntegral(z, logJoint);
  const ratio = logJoint.map((value, i) => 2 * (value - evidence) + 0.5 * (LOG_2PI + z[i] * z[i]));
  return Math.expm1(logIntegral(z, ratio));
}

/**
 * The ELBO of q = N(mean, exp(logVar)), in nats, and its derivatives in both numbers.
 * @equation eq-elbo-joint
 * @param {Float64Array} z the grid; it must cover q
 * @param {Float64Array} logJoint log p(x, z) at each of its points
 * @param {Gaussian1d} q
 * @returns {{value: number, mean: number, logVar: number}}
 */
export function elboOnGrid(z, logJoint, { mean, logVar }) {
  const std = Math.exp(0.5 * logVar);
  const noise = z.map((place) => (place - mean) / std);
  const logQ = noise.map((value) => -0.5 * (LOG_2PI + logVar + value * value));
  const mass = weighted(z, logQ).map(Math.exp);
  const result = { value: 0, mean: 0, logVar: 0 };
  for (let i = 0; i < z.length; i++) {
    const part = mass[i] * (logJoint[i] - logQ[i]);
    result.value += part;
    result.mean += (part * noise[i]) / std;
    result.logVar += 0.5 * part * (noise[i] * noise[i] - 1);
  }
  return result;
}
