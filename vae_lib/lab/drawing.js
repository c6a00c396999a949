// What a finger drew, as MNIST's digits are: the longer side of its box 20 of 28 pixels, the center
// of mass in the middle; for a network of small digits, each square of four pixels averaged.

const SIDE = 28;
const BOX = 20;
const RADIUS = 1.1; // of the pen, in pixels
const SMALLEST = 0.15; // a box is not taken for smaller, in parts of the pad: a dot stays one

const FINEST = 0.008; // between two places of a line, in parts of the pad

/** @typedef {[number, number]} Place in the pad, from 0 to 1 */

/** What the reader drew in a pad. */
export class Sheet {
  /** @type {Place[][]} */
  lines = [];

  /**
   * Follow the pen.
   * @param {number} x
   * @param {number} y
   * @param {boolean} first of a line
   * @returns {boolean} whether it went far enough to leave ink
   */
  pen(x, y, first) {
    if (first) this.lines.push([]);
    const line = this.lines[this.lines.length - 1];
    const [lastX, lastY] = line.at(-1) ?? [-1, -1];
    const place = /** @type {Place} */ ([x, y].map((one) => Math.min(1, Math.max(0, one))));
    if (Math.hypot(place[0] - lastX, place[1] - lastY) < FINEST) return false;
    line.push(place);
    return true;
  }
}

/**
 * @param {Place[][]} lines
 * @param {boolean} [small] half as many pixels a side
 * @returns {Float64Array} 28 × 28 grey values from 0 to 1, or 14 × 14
 */
export function asDigit(lines, small = false) {
  const places = lines.flat();
  if (!places.length) return new Float64Array(small ? (SIDE * SIDE) / 4 : SIDE * SIDE);
  const [x, y] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const [left, top] = [Math.min(...x), Math.min(...y)];
  const size = Math.max(Math.max(...x) - left, Math.max(...y) - top, SMALLEST);
  const scale = (BOX - 2 * RADIUS) / size;
  const scaled = lines.map((line) =>
    line.map(([x, y]) => /** @type {Place} */ ([(x - left) * scale, (y - top) * scale])),
  );
  const first = inked(scaled, [SIDE / 4, SIDE / 4]);
  const center = centerOfMass(first);
  const shift = /** @type {Place} */ (center.map((one) => SIDE / 4 + SIDE / 2 - one));
  const ink = inked(scaled, shift);
  return small ? halved(ink) : ink;
}

/**
 * @param {Place[][]} lines in pixels
 * @param {Place} shift
 * @returns {Float64Array} the ink on each pixel
 */
function inked(lines, [right, down]) {
  const ink = new Float64Array(SIDE * SIDE);
  for (const line of lines)
    for (const [i, to] of line.entries()) {
      const from = line[Math.max(0, i - 1)];
      const [firstX, lastX] = reach(from[0] + right, to[0] + right);
      const [firstY, lastY] = reach(from[1] + down, to[1] + down);
      for (let row = firstY; row < lastY; row++)
        for (let column = firstX; column < lastX; column++) {
          const away = distance(column + 0.5 - right, row + 0.5 - down, from, to);
          const place = row * SIDE + column;
          ink[place] = Math.max(ink[place], Math.min(1, RADIUS + 0.5 - away));
        }
    }
  return ink;
}

/**
 * The pixels, along one axis, that a piece of line may touch.
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]} the first one, and the one behind the last
 */
function reach(from, to) {
  const first = Math.floor(Math.min(from, to) - RADIUS - 1);
  return [Math.max(0, first), Math.min(SIDE, Math.ceil(Math.max(from, to) + RADIUS + 1))];
}

/**
 * How far a place is from a piece of line.
 * @param {number} x
 * @param {number} y
 * @param {Place} from
 * @param {Place} to
 * @returns {number}
 */
function distance(x, y, [fromX, fromY], [toX, toY]) {
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  const square = alongX * alongX + alongY * alongY;
  const part = square ? ((x - fromX) * alongX + (y - fromY) * alongY) / square : 0;
  const nearest = Math.min(1, Math.max(0, part));
  const [right, down] = [x - fromX - nearest * alongX, y - fromY - nearest * alongY];
  return Math.sqrt(right * right + down * down);
}

/**
 * @param {Float64Array} ink
 * @returns {number[]} across and down, in pixels
 */
function centerOfMass(ink) {
  let [total, x, y] = [0, 0, 0];
  for (const [place, value] of ink.entries()) {
    total += value;
    x += value * ((place % SIDE) + 0.5);
    y += value * (Math.floor(place / SIDE) + 0.5);
  }
  return [x / total, y / total];
}

/**
 * @param {Float64Array} ink
 * @returns {Float64Array} the mean of each square of four pixels
 */
function halved(ink) {
  const side = SIDE / 2;
  return Float64Array.from({ length: side * side }, (_, i) => {
    const corner = 2 * Math.floor(i / side) * SIDE + 2 * (i % side);
    return (ink[corner] + ink[corner + 1] + ink[corner + SIDE] + ink[corner + SIDE + 1]) / 4;
  });
}
