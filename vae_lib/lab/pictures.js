// Small pictures of digits as SVG, and the plane of two latent coordinates in which they lie.

import { axes, curve, dots, frame, HEIGHT, text, WIDTH } from "./plot.js";

const LEVELS = 8; // of ink

/** @typedef {import("./engine/vae.js").DiagonalGaussian} DiagonalGaussian */
/** @typedef {{z1: number, z2: number}} Point */
/** @typedef {{x: number, y: number, side: number}} Square */

/**
 * Grey values as ink, each row's equal neighbours in one piece.
 * @param {number} left
 * @param {number} top
 * @param {number} size on the drawing
 * @param {ArrayLike<number>} values of a square of pixels, from 0 to 1
 * @param {string} [look] classes
 * @returns {string}
 */
export function picture(left, top, size, values, look = "") {
  const side = Math.sqrt(values.length);
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  for (let row = 0; row < side; row++)
    for (let column = 0, next = 0; column < side; column = next) {
      const level = levelOf(values[row * side + column]);
      next = column + 1;
      while (next < side && levelOf(values[row * side + next]) === level) next++;
      if (level) paths[level] += `M${column} ${row}h${next - column}v1H${column}z`;
    }
  const ink = paths
    .map((path, level) => (path ? `<path fill-opacity="${level / LEVELS}" d="${path}"/>` : ""))
    .join("");
  const scale = (size / side).toFixed(3);
  return `<g class="picture ${look}" transform="translate(${left} ${top}) scale(${scale})"><rect width="${side}" height="${side}"/>${ink}</g>`;
}

/** @type {(grey: number) => number} */
const levelOf = (grey) => Math.round(LEVELS * Math.min(1, Math.max(0, grey || 0)));

/**
 * A row of pictures.
 * @param {number} left
 * @param {number} top
 * @param {number} size of each
 * @param {number} step from one to the next
 * @param {Float64Array} values of all, one after the other
 * @param {number} pixels of each
 * @returns {string}
 */
export function row(left, top, size, step, values, pixels) {
  const count = values.length / pixels;
  const each = Array.from({ length: count }, (_, i) =>
    picture(left + i * step, top, size, values.subarray(i * pixels, (i + 1) * pixels)),
  );
  return each.join("");
}

/**
 * What is in a pad: the reader's lines, or else a digit.
 * @param {Square} pad
 * @param {import("./drawing.js").Place[][]} lines
 * @param {Float64Array | undefined} x
 * @returns {string}
 */
export function sheet(pad, lines, x) {
  const at = {
    x: (/** @type {number} */ x) => pad.x + x * pad.side,
    y: (/** @type {number} */ y) => pad.y + y * pad.side,
    inX: Number,
    inY: Number,
  };
  const strokes = lines.map((line) => {
    const [xs, ys] = [0, 1].map((axis) => line.map((place) => place[axis]));
    return curve(at, [xs[0], ...xs], [ys[0], ...ys], "pen");
  });
  return lines.length || !x ? strokes.join("") : picture(pad.x, pad.y, pad.side, x, "large");
}

export const EDGE = 3; // of the plane, to each side
const SIZE = 64; // of the picture beside it
const PLANE = axes([-EDGE, EDGE + 1.9], [-EDGE, EDGE]);

/**
 * The plane: where known digits lie, and the picture that belongs to a point of it.
 * @param {Float64Array} means rows of two numbers
 * @param {number[]} labels
 * @param {ArrayLike<number>} decoded the picture at the point
 * @param {Record<string, string>} words
 * @returns {string}
 */
export function plane(means, labels, decoded, words) {
  const left = WIDTH - SIZE - 4;
  return [
    frame(PLANE, [-3, -2, -1, 0, 1, 2, 3], [-3, -2, -1, 0, 1, 2, 3], "", "z₂"),
    text(PLANE.x(EDGE) + 6, HEIGHT - 21, "z₁", "start"),
    known(means, labels),
    text(left + SIZE / 2, 14, words.decoded, "middle", "blue"),
    picture(left, 22, SIZE, decoded),
  ].join("");
}

/** @type {{means?: Float64Array, drawn: string}} */
const last = { drawn: "" };

/**
 * The known digits, which stay where they are while the point moves.
 * @param {Float64Array} means rows of two numbers
 * @param {number[]} labels
 * @returns {string}
 */
function known(means, labels) {
  if (means === last.means) return last.drawn;
  const parts = Array.from({ length: 10 }, (_, digit) => {
    const own = [...labels.keys()].filter((i) => labels[i] === digit);
    const [xs, ys] = [0, 1].map((axis) => own.map((i) => within(means[2 * i + axis])));
    const [x, y] = [xs, ys].map((values) => values.toSorted((a, b) => a - b)[xs.length >> 1]);
    const name = text(PLANE.x(x), PLANE.y(y) + 4, `${digit}`, "middle", "name");
    return [dots(PLANE, xs, ys, `small digit-${digit}`), xs.length ? name : ""];
  });
  last.means = means;
  last.drawn = [...parts.map(([points]) => points), ...parts.map(([, name]) => name)].join("");
  return last.drawn;
}

/**
 * The ellipse of one standard deviation.
 * @param {DiagonalGaussian} q one row of two numbers
 * @returns {string}
 */
export function ellipse({ mean, logVar }) {
  const [x, y] = [PLANE.x(within(mean[0])), PLANE.y(within(mean[1]))];
  const [right, upper] = [0, 1].map((axis) => mean[axis] + Math.exp(0.5 * logVar[axis]));
  const size = [PLANE.x(right) - PLANE.x(mean[0]), PLANE.y(mean[1]) - PLANE.y(upper)];
  const [width, height] = size.map((one) => Math.min(WIDTH, one).toFixed(1));
  return `<ellipse class="spread" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" rx="${width}" ry="${height}"/>`;
}

/** @type {(value: number) => number} */
const within = (value) => Math.min(EDGE, Math.max(-EDGE, value));

/** The point that is decoded, as what can be dragged: a ring, through which q can be seen. */
export const handle = {
  ring: true,
  /** @type {(model: {settings: Point}) => [number, number]} */
  at: ({ settings: { z1, z2 } }) => [PLANE.x(z1), PLANE.y(z2)],
  /** @type {(x: number, y: number) => {z1: number, z2: number}} */
  to: (x, y) => ({ z1: PLANE.inX(x), z2: PLANE.inY(y) }),
};

/** @type {{min: number, max: number, step: number, say: (value: number) => string}} */
export const coordinate = {
  min: -EDGE,
  max: EDGE,
  step: 0.05,
  say: (value) => (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "−"),
};
