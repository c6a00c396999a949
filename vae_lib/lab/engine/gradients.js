// Two estimators of ∇ E_q[f(z)] in one dimension, one estimate a draw z = μ + σ ε.

/** @typedef {{mean: number, logVar: number}} Gaussian1d */
/** @typedef {{mean: Float64Array, logVar: Float64Array}} Estimates one a draw, of each derivative */
/** @typedef {(z: number) => number} RealFunction */

/**
 * @param {Gaussian1d} q
 * @param {Float64Array} noise
 * @returns {Float64Array} the draws
 */
export function draws({ mean, logVar }, noise) {
  return noise.map((value) => mean + Math.exp(0.5 * logVar) * value);
}

/**
 * The derivatives of log q(z) in μ and in log σ², at each draw.
 * @param {Gaussian1d} q
 * @param {Float64Array} noise
 * @returns {Estimates}
 */
function score({ logVar }, noise) {
  const std = Math.exp(0.5 * logVar);
  return {
    mean: noise.map((value) => value / std),
    logVar: noise.map((value) => 0.5 * (value * value - 1)),
  };
}

/**
 * The score-function estimates (f(z) − baseline) ∇ log q(z); f is never differentiated.
 * @equation eq-score-function
 * @param {RealFunction} f
 * @param {Gaussian1d} q
 * @param {Float64Array} noise ε
 * @param {Gaussian1d} [baseline] what is subtracted from f, for each derivative
 * @returns {Estimates}
 */
export function scoreFunctionGradients(f, q, noise, baseline = { mean: 0, logVar: 0 }) {
  const values = draws(q, noise).map(f);
  const slopes = score(q, noise);
  return {
    mean: slopes.mean.map((slope, i) => (values[i] - baseline.mean) * slope),
    logVar: slopes.logVar.map((slope, i) => (values[i] - baseline.logVar) * slope),
  };
}

/**
 * The baselines of least variance, estimated from the draws.
 * @equation eq-best-baseline
 * @param {RealFunction} f
 * @param {Gaussian1d} q
 * @param {Float64Array} noise ε
 * @returns {Gaussian1d} one for each derivative
 */
export function bestBaseline(f, q, noise) {
  const values = draws(q, noise).map(f);
  const slopes = score(q, noise);
  const quotient = (/** @type {Float64Array} */ slope) => {
    let [above, below] = [0, 0];
    for (let i = 0; i < slope.length; i++) {
      above += values[i] * slope[i] * slope[i];
      below += slope[i] * slope[i];
    }
    return above / below;
  };
  return { mean: quotient(slopes.mean), logVar: quotient(slopes.logVar) };
}

/**
 * The pathwise estimates f′(z) ∂z/∂(μ, log σ²).
 * @equation eq-pathwise
 * @param {RealFunction} slope f′
 * @param {Gaussian1d} q
 * @param {Float64Array} noise ε
 * @returns {Estimates}
 */
export function pathwiseGradients(slope, q, noise) {
  const slopes = draws(q, noise).map(slope);
  const half = 0.5 * Math.exp(0.5 * q.logVar);
  return { mean: slopes, logVar: slopes.map((value, i) => value * half * noise[i]) };
}
