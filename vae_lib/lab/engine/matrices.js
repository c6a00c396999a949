// Products of dense matrices, row after row in flat arrays.

/**
 * Add the product A B to C.
 * @param {Float64Array} c rows × columns, changed in place
 * @param {Float64Array} a rows × inner
 * @param {Float64Array} b inner × columns
 * @param {number} inner
 * @returns {Float64Array} c
 */
export function addProduct(c, a, b, inner) {
  const columns = b.length / inner;
  const whole = inner - (inner % 4);
  for (let row = 0; row < a.length / inner; row++) {
    const to = row * columns;
    const from = row * inner;
    // Four rows of B at once: C is then read and written a quarter as often.
    for (let i = 0; i < whole; i += 4) {
      const [a0, a1, a2, a3] = [a[from + i], a[from + i + 1], a[from + i + 2], a[from + i + 3]];
      const b0 = i * columns;
      const b1 = b0 + columns;
      const b2 = b1 + columns;
      const b3 = b2 + columns;
      for (let j = 0; j < columns; j++)
        c[to + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
    }
    for (let i = whole; i < inner; i++)
      for (let j = 0; j < columns; j++) c[to + j] += a[from + i] * b[i * columns + j];
  }
  return c;
}

/**
 * @param {Float64Array} matrix
 * @param {number} columns
 * @returns {Float64Array} with rows and columns exchanged
 */
export function transposed(matrix, columns) {
  const rows = matrix.length / columns;
  const result = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j];
  return result;
}
