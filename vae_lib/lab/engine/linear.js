// The model that can be solved, x = W z + b + σ ε: its evidence, its posterior, and the exact ELBO
// of any diagonal Gaussian.

import { cholesky, inverse, solve } from "./cholesky.js";
import { klToStandard } from "./gaussian.js";
import { gaussianLogProb } from "./likelihoods.js";

/** @typedef {import("./gaussian.js").DiagonalGaussian} DiagonalGaussian */

/**
 * @typedef {object} Linear
 * @property {Float64Array} weight W, D rows of L numbers
 * @property {Float64Array} bias b, D numbers
 * @property {number} logVar log σ²
 */

/**
 * @typedef {object} Posterior N(mean, covariance), the same covariance for every data point
 * @property {Float64Array} mean rows of L numbers
 * @property {Float64Array} precision Λ, L × L
 * @property {Float64Array} covariance Λ⁻¹, L × L
 */

/**
 * Λ = I + Wᵀ W / σ².
 * @equation eq-linear-posterior
 * @param {Linear} model
 * @returns {Float64Array} L × L
 */
export function precision({ weight, bias, logVar }) {
  const size = weight.length / bias.length;
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let dot = 0;
      for (let d = 0; d < bias.length; d++) dot += weight[d * size + i] * weight[d * size + j];
      result[i * size + j] = (i === j ? 1 : 0) + dot * Math.exp(-logVar);
    }
  }
  return result;
}

/**
 * The exact posterior p(z|x) of each data point.
 * @equation eq-linear-posterior
 * @param {Linear} model
 * @param {Float64Array} x rows of D numbers
 * @returns {Posterior}
 */
export function posterior(model, x) {
  const { weight, bias, logVar } = model;
  const data = bias.length;
  const size = weight.length / data;
  const ours = precision(model);
  const root = cholesky(ours, size);
  const mean = new Float64Array((x.length / data) * size);
  for (let row = 0; row < x.length / data; row++) {
    const projected = new Float64Array(size); // Wᵀ (x − b) / σ²
    for (let d = 0; d < data; d++)
      for (let j = 0; j < size; j++)
        projected[j] += weight[d * size + j] * (x[row * data + d] - bias[d]) * Math.exp(-logVar);
    mean.set(solve(root, projected), row * size);
  }
  return { mean, precision: ours, covariance: inverse(root, size) };
}

/**
 * The decoder's mean W z + b of each row.
 * @equation eq-linear-model
 * @param {Linear} model
 * @param {Float64Array} z rows of L numbers
 * @returns {Float64Array} rows of D numbers
 */
export function decodeLinear({ weight, bias }, z) {
  const data = bias.length;
  const size = weight.length / data;
  return Float64Array.from({ length: (z.length / size) * data }, (_, i) => {
    const [row, d] = [Math.floor(i / data), i % data];
    let mean = bias[d];
    for (let j = 0; j < size; j++) mean += weight[d * size + j] * z[row * size + j];
    return mean;
  });
}

/**
 * The exact log p(x) of each data point, in nats.
 * @equation eq-linear-evidence
 * @param {Linear} model
 * @param {Float64Array} x rows of D numbers
 * @returns {Float64Array} one number a row
 */
export function logEvidence(model, x) {
  const data = model.bias.length;
  const size = model.weight.length / data;
  const { mean, precision: ours } = posterior(model, x);
  const root = cholesky(ours, size);
  let halfLogDet = 0;
  for (let j = 0; j < size; j++) halfLogDet += Math.log(root[j * size + j]);
  // Bayes' rule at the posterior's mean: log p(x|m) + log p(m) − log p(m|x).
  const likelihood = gaussianLogProb(decodeLinear(model, mean), model.logVar, x, data);
  return likelihood.map((value, row) => {
    let square = 0;
    for (let j = 0; j < size; j++) square += mean[row * size + j] ** 2;
    return value - 0.5 * square - halfLogDet;
  });
}

/**
 * The exact ELBO of each data point for a diagonal Gaussian q, in nats, and its terms.
 * @equation eq-elbo
 * @param {Linear} model
 * @param {Float64Array} x rows of D numbers
 * @param {DiagonalGaussian} q as many rows of L numbers
 * @returns {{logLikelihood: Float64Array, kl: Float64Array, value: Float64Array}}
 */
export function exactElbo(model, x, q) {
  const { weight, bias, logVar } = model;
  const kl = klToStandard(q);
  const atMean = gaussianLogProb(decodeLinear(model, q.mean), logVar, x, bias.length);
  // The spread of q costs ½ Σ_j σ_j² |w_j|² / σ².
  const columns = new Float64Array(q.size);
  for (let i = 0; i < weight.length; i++) columns[i % q.size] += weight[i] ** 2;
  const logLikelihood = atMean.map((value, row) => {
    let cost = 0;
    for (let j = 0; j < q.size; j++)
      cost += Math.exp(q.logVar[(row * q.size + j) % q.logVar.length] - logVar) * columns[j];
    return value - 0.5 * cost;
  });
  return { logLikelihood, kl, value: logLikelihood.map((value, row) => value - kl[row]) };
}

/**
 * The diagonal Gaussian closest to the posterior in KL(q ‖ p(z|x)): the same mean, variances 1/Λ_jj.
 * @equation eq-best-diagonal
 * @param {Posterior} exact
 * @returns {DiagonalGaussian}
 */
export function bestDiagonal({ mean, precision: ours }) {
  const size = Math.sqrt(ours.length);
  const logVar = Float64Array.from({ length: size }, (_, j) => -Math.log(ours[j * size + j]));
  return { mean, logVar, size };
}

/**
 * What the ELBO lacks of log p(x), split: no diagonal q is better, and the encoder's is not the best.
 * @equation eq-gap, eq-gap-split
 * @param {Linear} model
 * @param {Float64Array} x rows of D numbers
 * @param {DiagonalGaussian} q
 * @returns {{family: Float64Array, encoder: Float64Array}} one number a row, in nats, never negative
 */
export function gapParts(model, x, q) {
  const evidence = logEvidence(model, x);
  const best = exactElbo(model, x, bestDiagonal(posterior(model, x))).value;
  const own = exactElbo(model, x, q).value;
  return {
    family: evidence.map((value, row) => value - best[row]),
    encoder: best.map((value, row) => value - own[row]),
  };
}

/**
 * Noise whose plain average is the exact normal mean of every polynomial up to degree 3: ±√L e_i.
 * With it `lossGradient` is exact for a linear decoder with a Gaussian likelihood.
 * @equation eq-sigma-points
 * @param {number} size L
 * @param {number} rows B: each point is repeated for as many data points
 * @returns {Float64Array} 2L times B rows of L numbers
 */
export function sigmaPoints(size, rows) {
  const noise = new Float64Array(2 * size * rows * size);
  for (let point = 0; point < 2 * size; point++)
    for (let row = 0; row < rows; row++)
      noise[(point * rows + row) * size + (point % size)] =
        (point < size ? 1 : -1) * Math.sqrt(size);
  return noise;
}
