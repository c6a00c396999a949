// Small dense matrices, row after row in flat arrays.

/**
 * The lower-triangular A with A Aᵀ = matrix.
 * @param {Float64Array} matrix n × n, symmetric, positive definite
 * @param {number} n
 * @returns {Float64Array} n × n, zero above its diagonal
 */
export function cholesky(matrix, n) {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j];
      for (let k = 0; k < j; k++) rest -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(rest) : rest / a[j * n + j];
    }
  }
  return a;
}

/**
 * Solve A Aᵀ y = b.
 * @param {Float64Array} a lower-triangular, n × n
 * @param {Float64Array} b n numbers
 * @returns {Float64Array} n numbers
 */
export function solve(a, b) {
  const n = b.length;
  const y = b.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) y[i] -= a[i * n + k] * y[k];
    y[i] /= a[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) y[i] -= a[k * n + i] * y[k];
    y[i] /= a[i * n + i];
  }
  return y;
}

/**
 * (A Aᵀ)⁻¹.
 * @param {Float64Array} a lower-triangular, n × n
 * @param {number} n
 * @returns {Float64Array} n × n
 */
export function inverse(a, n) {
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const unit = new Float64Array(n);
    unit[i] = 1;
    result.set(solve(a, unit), i * n);
  }
  return result;
}
