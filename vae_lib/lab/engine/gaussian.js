// Diagonal Gaussians N(mean, diag(exp(logVar))): densities, draws, KL divergences. Arrays are flat,
// one row of `size` numbers after the other. An array that is shorter than another starts again at
// its end: S draws of each of B rows need the B means once, and N(0, I) one row.

const LOG_2PI = Math.log(2 * Math.PI);

/**
 * @typedef {object} DiagonalGaussian
 * @property {Float64Array} mean μ, rows of L numbers
 * @property {Float64Array} logVar log σ² (never σ), rows of L numbers, or one number for all
 * @property {number} size L
 */

/**
 * N(0, I).
 * @equation eq-prior
 * @param {number} size L
 * @returns {DiagonalGaussian} one row
 */
export function standard(size) {
  return { mean: new Float64Array(size), logVar: new Float64Array(size), size };
}

/**
 * The log density of each row, in nats.
 * @equation eq-gaussian-log-prob
 * @param {DiagonalGaussian} q
 * @param {Float64Array} value rows of L numbers
 * @returns {Float64Array} one number a row
 */
export function logProb({ mean, logVar, size }, value) {
  const rows = new Float64Array(Math.max(value.length, mean.length) / size);
  for (let i = 0; i < rows.length * size; i++) {
    const log = logVar[i % logVar.length];
    const standardized = (value[i % value.length] - mean[i % mean.length]) * Math.exp(-0.5 * log);
    rows[Math.floor(i / size)] -= 0.5 * (LOG_2PI + log + standardized * standardized);
  }
  return rows;
}

/**
 * Turn noise from N(0, I) into draws z = μ + σ ⊙ ε.
 * @equation eq-reparameterisation
 * @param {DiagonalGaussian} q
 * @param {Float64Array} noise ε, rows of L numbers
 * @returns {Float64Array} rows of L numbers
 */
export function draw({ mean, logVar }, noise) {
  const z = new Float64Array(Math.max(noise.length, mean.length));
  for (let i = 0; i < z.length; i++) {
    const std = Math.exp(0.5 * logVar[i % logVar.length]);
    z[i] = mean[i % mean.length] + std * noise[i % noise.length];
  }
  return z;
}

/**
 * KL(q ‖ N(0, I)) of each row, in nats.
 * @equation eq-kl-diagonal
 * @param {DiagonalGaussian} q
 * @returns {Float64Array} one number a row
 */
export function klToStandard(q) {
  return klTo(q, standard(q.size));
}

/**
 * KL(q ‖ p) of each row, in nats.
 * @equation eq-kl-two-gaussians
 * @param {DiagonalGaussian} q
 * @param {DiagonalGaussian} p
 * @returns {Float64Array} one number a row
 */
export function klTo(q, p) {
  const rows = new Float64Array(Math.max(q.mean.length, p.mean.length) / q.size);
  for (let i = 0; i < rows.length * q.size; i++) {
    const log = p.logVar[i % p.logVar.length];
    const ratio = q.logVar[i % q.logVar.length] - log;
    const shift = (q.mean[i % q.mean.length] - p.mean[i % p.mean.length]) * Math.exp(-0.5 * log);
    rows[Math.floor(i / q.size)] += 0.5 * (shift * shift + Math.expm1(ratio) - ratio);
  }
  return rows;
}

/**
 * The derivatives of KL(q ‖ N(0, I)) in μ and in log σ².
 * @equation eq-kl-gradients
 * @param {DiagonalGaussian} q
 * @returns {{mean: Float64Array, logVar: Float64Array}} of the same lengths as q's
 */
export function klGradients({ mean, logVar }) {
  return { mean: mean.slice(), logVar: logVar.map((log) => 0.5 * Math.expm1(log)) };
}
