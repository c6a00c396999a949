// What is maximised: the ELBO with its two terms and its gradient, and the importance-weighted bound.

import * as gaussian from "./gaussian.js";
import { bernoulliGradient, gaussianGradients, sigmoid } from "./likelihoods.js";
import { backward, forward } from "./network.js";
import { decode, encode, logJoint, logLikelihood, posteriorOf } from "./vae.js";

/** @typedef {import("./vae.js").VAE} VAE */
/** @typedef {import("./gaussian.js").DiagonalGaussian} DiagonalGaussian */

/**
 * @typedef {object} Terms one number a data point, in nats
 * @property {Float64Array} logLikelihood E_q[log p(x|z)], estimated
 * @property {Float64Array} kl KL(q ‖ p(z)), exact
 * @property {Float64Array} value the bound itself
 */

/**
 * @typedef {object} Rule how a loss is put together; all but `RIGHT` and a β are mistakes
 * @property {number} sign of the whole loss
 * @property {number} likelihoodWeight
 * @property {number} klWeight β
 * @property {number} drawScale log σ of the draw, in units of log σ²
 * @property {number} klScale log σ² of the KL term, in units of log σ²
 * @property {boolean} squaredError in place of the log-likelihood
 */

/** J = −𝓛, the negative ELBO. @type {Readonly<Rule>} */
export const RIGHT = {
  sign: 1,
  likelihoodWeight: 1,
  klWeight: 1,
  drawScale: 0.5,
  klScale: 1,
  squaredError: false,
};

/**
 * The evidence lower bound of each data point.
 * @equation eq-elbo-estimate
 * @param {VAE} vae
 * @param {Float64Array} x B rows of D numbers
 * @param {Float64Array} noise ε, S times B rows of L numbers
 * @param {DiagonalGaussian} [q] over B rows; by default the encoder's
 * @returns {Terms}
 */
export function elbo(vae, x, noise, q = encode(vae, x)) {
  const each = logLikelihood(vae, decode(vae, gaussian.draw(q, noise)), x);
  return terms(each, gaussian.klToStandard(q));
}

/**
 * @param {Float64Array} logLikelihoods S times B numbers
 * @param {Float64Array} kl B numbers
 * @returns {Terms}
 * @equation eq-elbo
 */
export function terms(logLikelihoods, kl) {
  const mean = new Float64Array(kl.length);
  for (const [i, value] of logLikelihoods.entries())
    mean[i % kl.length] += (value * kl.length) / logLikelihoods.length;
  return { logLikelihood: mean, kl, value: mean.map((value, i) => value - kl[i]) };
}

/**
 * The loss of a batch, averaged over its data points, and its gradient.
 * @equation eq-loss
 * @param {VAE} vae
 * @param {Float64Array} x B rows of D numbers
 * @param {Float64Array} noise ε, S times B rows of L numbers
 * @param {Readonly<Rule>} [rule]
 * @returns {{loss: number, terms: Terms, gradient: Float64Array[]}} the gradient in the order of
 *   `learned`; the terms are the true ones, whatever the rule
 */
export function lossGradient(vae, x, noise, rule = RIGHT) {
  const encoded = forward(vae.encoder, x);
  const q = posteriorOf(encoded[encoded.length - 1], vae.latentSize);
  const z = gaussian.draw({ ...q, logVar: q.logVar.map((log) => 2 * rule.drawScale * log) }, noise);
  const decoded = forward(vae.decoder, z);
  const outputs = decoded[decoded.length - 1];
  const count = q.mean.length / q.size;
  const draws = z.length / q.mean.length;

  // Of −(the likelihood's part), one draw of one data point having the weight 1 / (S B).
  const part = (rule.sign * rule.likelihoodWeight) / (draws * count);
  const each = logLikelihood(vae, outputs, x);
  const slopes = outputSlopes(vae, outputs, x, each, rule);
  const down = backward(
    vae.decoder,
    decoded,
    slopes.outputs.map((slope) => -part * slope),
  );

  // Into q: through each draw z = μ + σ ε, and of the KL term.
  const share = (rule.sign * rule.klWeight) / count;
  const logVar = q.logVar.map((log) => rule.klScale * log);
  const kl = gaussian.klGradients({ ...q, logVar });
  const inMean = kl.mean.map((slope) => share * slope);
  const inLogVar = kl.logVar.map((slope) => share * rule.klScale * slope);
  for (const [i, slope] of down.input().entries()) {
    const place = i % q.mean.length;
    inMean[place] += slope;
    inLogVar[place] += slope * rule.drawScale * (z[i] - q.mean[place]);
  }
  const up = backward(vae.encoder, encoded, interleaved(inMean, inLogVar, q.size));

  const gradient = [...up.weights, ...down.weights];
  if (vae.likelihood === "gaussian") gradient.push(Float64Array.of(-part * slopes.logVar));
  const loss = share * sum(gaussian.klToStandard({ ...q, logVar })) - part * slopes.total;
  return { loss, terms: terms(each, gaussian.klToStandard(q)), gradient };
}

/**
 * The derivatives of what stands for the log-likelihood, and its sum over all rows.
 * @param {VAE} vae
 * @param {Float64Array} outputs
 * @param {Float64Array} x
 * @param {Float64Array} each the log-likelihood of each row
 * @param {Readonly<Rule>} rule
 * @returns {{outputs: Float64Array, logVar: number, total: number}}
 */
function outputSlopes(vae, outputs, x, each, { squaredError }) {
  if (squaredError) {
    const binary = vae.likelihood === "bernoulli";
    const means = binary ? outputs.map(sigmoid) : outputs;
    const errors = means.map((mean, i) => x[i % x.length] - mean);
    const slopes = errors.map((error, i) => 2 * error * (binary ? means[i] * (1 - means[i]) : 1));
    return { outputs: slopes, logVar: 0, total: -sum(errors.map((error) => error * error)) };
  }
  if (vae.likelihood === "bernoulli")
    return { outputs: bernoulliGradient(outputs, x), logVar: 0, total: sum(each) };
  const { mean, logVar } = gaussianGradients(outputs, vae.logVar[0], x);
  return { outputs: mean, logVar, total: sum(each) };
}

/**
 * @param {Float64Array} left rows of `size` numbers
 * @param {Float64Array} right rows of `size` numbers
 * @param {number} size
 * @returns {Float64Array} rows of 2 `size`: left, then right
 */
function interleaved(left, right, size) {
  return Float64Array.from({ length: 2 * left.length }, (_, i) => {
    const column = i % (2 * size);
    const place = Math.floor(i / (2 * size)) * size + (column % size);
    return column < size ? left[place] : right[place];
  });
}

/**
 * @param {Float64Array} values
 * @returns {number}
 */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * The logs of importance weights: log p(x, z) − log q(z|x), with z from q.
 * @equation eq-importance-weighted-bound
 * @param {VAE} vae
 * @param {Float64Array} x B rows of D numbers
 * @param {Float64Array} noise ε, k times B rows of L numbers
 * @param {DiagonalGaussian} [q] over B rows; by default the encoder's
 * @returns {Float64Array} k times B numbers, in nats
 */
export function logWeights(vae, x, noise, q = encode(vae, x)) {
  const z = gaussian.draw(q, noise);
  const own = gaussian.logProb(q, z);
  return logJoint(vae, x, z).map((value, i) => value - own[i]);
}

/**
 * log Σ exp over the k numbers of each column, without overflow.
 * @param {Float64Array} values k rows of B numbers
 * @param {number} [columns] B
 * @returns {Float64Array} B numbers
 */
export function logSumExp(values, columns = 1) {
  return Float64Array.from({ length: columns }, (_, column) => {
    const own = values.filter((_value, i) => i % columns === column);
    const largest = own.reduce((most, value) => Math.max(most, value), -Infinity);
    if (largest === -Infinity) return largest;
    return largest + Math.log(sum(own.map((value) => Math.exp(value - largest))));
  });
}

/**
 * The importance-weighted bound log (1/k) Σ w of each data point.
 * @equation eq-importance-weighted-bound
 * @param {Float64Array} logWeights k rows of B numbers
 * @param {number} [columns] B
 * @returns {Float64Array} B numbers, in nats
 */
export function importanceWeightedBound(logWeights, columns = 1) {
  const log = Math.log(logWeights.length / columns);
  return logSumExp(logWeights, columns).map((value) => value - log);
}

/**
 * How many of the k draws count: from 1 (one weight is all) to k (all are equal).
 * @equation eq-effective-sample-size
 * @param {Float64Array} logWeights k rows of B numbers
 * @param {number} [columns] B
 * @returns {Float64Array} B numbers
 */
export function effectiveSampleSize(logWeights, columns = 1) {
  const first = logSumExp(logWeights, columns);
  const second = logSumExp(
    logWeights.map((value) => 2 * value),
    columns,
  );
  return first.map((value, i) => Math.exp(2 * value - second[i]));
}
