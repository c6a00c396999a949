// Small drawings as SVG text. A drawing is WIDTH units wide, which is about a phone's screen: its
// letters have one size everywhere, and a wide page sets two drawings side by side.

import { rounded } from "./words.js";

export const WIDTH = 340;
export const HEIGHT = 240;
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 20, 22, 36]; // margins around the axes

/** @typedef {(value: number) => number} Scale */
/** @typedef {{x: Scale, y: Scale, inX: Scale, inY: Scale}} Axes and back from units to values */
/** @typedef {[number, number]} Interval */

/**
 * @param {Interval} x what the horizontal axis shows
 * @param {Interval} y what the vertical axis shows
 * @param {{logX?: boolean}} [kinds]
 * @returns {Axes}
 */
export function axes(x, y, { logX = false } = {}) {
  const [to, from] = logX ? [Math.log, Math.exp] : [Number, Number];
  const [left, right] = [LEFT, WIDTH - RIGHT];
  const [bottom, top] = [HEIGHT - BOTTOM, TOP];
  const [first, span] = [to(x[0]), to(x[1]) - to(x[0])];
  return {
    x: (value) => left + ((to(value) - first) / span) * (right - left),
    y: (value) => bottom + ((value - y[0]) / (y[1] - y[0])) * (top - bottom),
    inX: (place) => from(first + ((place - left) / (right - left)) * span),
    inY: (place) => y[0] + ((place - bottom) / (top - bottom)) * (y[1] - y[0]),
  };
}

/**
 * Round numbers that lie in an interval.
 * @param {Interval} interval
 * @param {number} count about how many
 * @returns {number[]}
 */
export function ticks([low, high], count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/**
 * The axes themselves, with a line across at each tick.
 * @param {Axes} at
 * @param {number[]} xTicks
 * @param {number[]} yTicks
 * @param {string} xLabel
 * @param {string} yLabel stands above the axis
 * @returns {string}
 */
export function frame({ x, y }, xTicks, yTicks, xLabel, yLabel) {
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const across = yTicks.map((value) => `M${LEFT} ${place(y(value))}H${right}`).join("");
  const marks = xTicks.map((value) => `M${place(x(value))} ${bottom}v4`).join("");
  return [
    `<path class="grid" d="${across}"/><path class="axis" d="M${LEFT} ${bottom}H${right}${marks}"/>`,
    ...yTicks.map((v) => text(LEFT - 6, y(v) + 4, rounded(v, 3), "end")),
    ...xTicks.map((v) => text(x(v), bottom + 17, rounded(v, 3), "middle")),
    text(right, HEIGHT - 3, xLabel, "end"),
    text(2, 12, yLabel, "start"),
  ].join("");
}

/** @type {(value: number) => string} */
const place = (value) => value.toFixed(1);

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {"start" | "middle" | "end"} anchor
 * @param {string} [look] classes
 * @returns {string}
 */
export function text(x, y, words, anchor, look = "") {
  return `<text class="${look}" x="${place(x)}" y="${place(y)}" text-anchor="${anchor}">${words}</text>`;
}

/**
 * @param {Axes} at
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @returns {string} the points of a path
 */
function points({ x, y }, xs, ys) {
  const steps = Array.from(xs, (value, i) => `${place(x(value))} ${place(y(ys[i]))}`);
  return steps.join("L");
}

/**
 * @param {Axes} at
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {string} look classes
 * @returns {string}
 */
export function curve(at, xs, ys, look) {
  return xs.length ? `<path class="line ${look}" d="M${points(at, xs, ys)}"/>` : "";
}

/**
 * What lies between a curve and a height.
 * @param {Axes} at
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {number} floor
 * @param {string} look classes
 * @returns {string}
 */
export function area(at, xs, ys, floor, look) {
  const [first, last] = [xs[0], xs[xs.length - 1]].map((value) => place(at.x(value)));
  const base = place(at.y(floor));
  return `<path class="area ${look}" d="M${first} ${base}L${points(at, xs, ys)}L${last} ${base}z"/>`;
}

/**
 * Round dots, in one path.
 * @param {Axes} at
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {string} look classes
 * @returns {string}
 */
export function dots({ x, y }, xs, ys, look) {
  const each = Array.from(xs, (value, i) => `M${place(x(value))} ${place(y(ys[i]))}h0`);
  return each.length ? `<path class="dots ${look}" d="${each.join("")}"/>` : "";
}

/**
 * @param {Axes} at
 * @param {Interval} across
 * @param {Interval} up
 * @param {string} look classes
 * @returns {string} a filled box
 */
export function box({ x, y }, across, up, look) {
  const [left, bottom] = [x(across[0]), y(up[0])];
  const [width, height] = [x(across[1]) - left, bottom - y(up[1])];
  const size = `width="${place(width)}" height="${place(Math.max(0, height))}"`;
  return `<rect class="bar ${look}" x="${place(left)}" y="${place(y(up[1]))}" ${size}/>`;
}
