// Chapter 4: two estimates of d E[z²] / dμ, draw by draw, with z = μ + σ ε. The score function uses
// the value z² (less a baseline), the pathwise gradient its slope.

import { pathwiseGradients, scoreFunctionGradients } from "../engine/gradients.js";
import { Random } from "../engine/random.js";
import { area, axes, curve, dots, frame, text } from "../plot.js";
import { fixed, rounded } from "../words.js";

const MU = 1.5;
const EXACT = 2 * MU;
const MOST = 3000; // draws
const SEED = 0;

/** @typedef {{sigma: number, baseline: boolean}} Settings */

/** The draws so far, and the running means of what they estimate. */
export class Noise {
  random = new Random(SEED);
  noise = [this.random.normal()];
  /** @type {Float64Array} one estimate a draw */
  score = new Float64Array();
  /** @type {Float64Array} */
  pathwise = new Float64Array();
  scoreMeans = new Float64Array();
  pathwiseMeans = new Float64Array();

  /** @param {Settings} start */
  constructor(start) {
    this.settings = start;
    this.set({});
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    this.settings = { ...this.settings, ...settings };
    this.update();
  }

  /** The value that is subtracted, and that leaves the least variance: b* = μ² + 3 σ². */
  get baseline() {
    return this.settings.baseline ? MU ** 2 + 3 * this.settings.sigma ** 2 : 0;
  }

  update() {
    const q = { mean: MU, logVar: 2 * Math.log(this.settings.sigma) };
    const noise = Float64Array.from(this.noise);
    const less = { mean: this.baseline, logVar: 0 };
    this.score = scoreFunctionGradients((z) => z * z, q, noise, less).mean;
    this.pathwise = pathwiseGradients((z) => 2 * z, q, noise).mean;
    this.scoreMeans = means(this.score);
    this.pathwiseMeans = means(this.pathwise);
  }

  /** The standard deviations of one draw. */
  get spreads() {
    const { sigma, baseline } = this.settings;
    const variance = baseline
      ? 8 * MU ** 2 + 6 * sigma ** 2
      : MU ** 4 / sigma ** 2 + 14 * MU ** 2 + 15 * sigma ** 2;
    return { score: Math.sqrt(variance), pathwise: 2 * sigma };
  }

  numbers() {
    const last = this.noise.length - 1;
    const { score, pathwise } = this.spreads;
    return {
      ...this.settings,
      exact: EXACT,
      draws: this.noise.length,
      last_score: this.score[last],
      last_pathwise: this.pathwise[last],
      score: this.scoreMeans[last],
      pathwise: this.pathwiseMeans[last],
      spread_score: score,
      spread_pathwise: pathwise,
      worth: (score / pathwise) ** 2,
    };
  }

  /**
   * @param {string} button
   * @returns {(() => boolean) | void}
   */
  press(button) {
    if (button === "one") return this.more(1);
    return () => {
      this.more(Math.ceil(this.noise.length / 60));
      return this.noise.length < MOST;
    };
  }

  /** @param {number} count of new draws, as far as there is room */
  more(count) {
    for (let i = 0; i < count && this.noise.length < MOST; i++)
      this.noise.push(this.random.normal());
    this.update();
  }
}

/** @param {Float64Array} values */
function means(values) {
  let sum = 0;
  return values.map((value, i) => {
    sum += value;
    return sum / (i + 1);
  });
}

const PLANE = axes([-1, 4], [-1, 12]);
const SIDE = Float64Array.from({ length: 101 }, (_, i) => -1 + i * 0.05);
const PARABOLA = SIDE.filter((z) => z * z <= 12);

/**
 * The latest draw: the height that one estimate uses, and the slope that the other does.
 * @param {Noise} model
 * @param {Record<string, string>} words
 */
function latest(model, words) {
  const { sigma } = model.settings;
  const bell = SIDE.map((z) => 3 * Math.exp(-0.5 * ((z - MU) / sigma) ** 2));
  const z = MU + sigma * model.noise[model.noise.length - 1];
  const { last_score, last_pathwise } = model.numbers();
  const seen = Math.abs(z - MU) < 2.5;
  const reach = [Math.max(-1, z - 0.7), Math.min(4, z + 0.7)];
  const tangent = reach.map((place) => Math.max(-1, z * z + 2 * z * (place - z)));
  return [
    frame(PLANE, [-1, 0, 1, 2, 3, 4], [0, 4, 8, 12], "z", words.value),
    area(PLANE, SIDE, bell, 0, "green"),
    curve(
      PLANE,
      PARABOLA,
      PARABOLA.map((place) => place * place),
      "",
    ),
    model.settings.baseline
      ? curve(PLANE, [-1, 4], [model.baseline, model.baseline], "dashed")
      : "",
    seen ? curve(PLANE, [z, z], [model.baseline, Math.min(12, z * z)], "orange thick") : "",
    seen ? curve(PLANE, reach, tangent, "blue thick") : "",
    seen ? dots(PLANE, [z], [Math.min(12, z * z)], "") : "",
    text(46, 38, `${words.score}: ${fixed(last_score, 2)}`, "start", "orange"),
    text(46, 54, `${words.pathwise}: ${fixed(last_pathwise, 2)}`, "start", "blue"),
    text(PLANE.x(MU), PLANE.y(0) + 13, "q", "middle", "green"),
  ].join("");
}

const HALF = 5; // how far the axis reaches to each side of the exact gradient
const MEANS = axes([1, MOST], [EXACT - HALF, EXACT + HALF], { logX: true });

/**
 * @param {Noise} model
 * @param {Record<string, string>} words
 */
function settling(model, words) {
  const places = Array.from({ length: 81 }, (_, i) => MOST ** (i / 80));
  const { spreads } = model;
  const count = model.noise.length;
  const steps = Array.from({ length: 161 }, (_, i) => Math.round(count ** (i / 160)));
  const inside = (/** @type {number} */ value) =>
    Math.max(EXACT - HALF, Math.min(EXACT + HALF, value));
  /** @type {(spread: number, look: string) => string} */
  const band = (spread, look) => {
    const half = places.map((place) => spread / Math.sqrt(place));
    const upper = half.map((value) => inside(EXACT + value));
    const lower = half.map((value) => inside(EXACT - value));
    const around = [...places, ...places.toReversed()];
    return area(MEANS, around, [...upper, ...lower.toReversed()], upper[0], look);
  };
  /** @type {(running: Float64Array, look: string) => string} */
  const line = (running, look) =>
    curve(
      MEANS,
      steps,
      steps.map((step) => inside(running[step - 1])),
      look,
    ) + dots(MEANS, [count], [inside(running[count - 1])], look);
  return [
    frame(MEANS, [1, 10, 100, 1000], [-2, 0, 2, 4, 6, 8], words.count, words.mean),
    band(spreads.score, "orange"),
    band(spreads.pathwise, "blue"),
    curve(MEANS, [1, MOST], [EXACT, EXACT], "green dashed"),
    line(model.scoreMeans, "orange"),
    line(model.pathwiseMeans, "blue"),
    text(318, 38, words.score, "end", "orange"),
    text(318, 54, words.pathwise, "end", "blue"),
    text(318, 70, `${words.exact} 2μ = 3`, "end", "green"),
  ].join("");
}

/** @type {import("../shell.js").Lab<Noise>} */
export const noise = {
  ranges: {
    sigma: { min: 0.05, max: 2, step: 0.05, log: true, say: (value) => rounded(value, 2) },
  },
  switches: ["baseline"],
  buttons: ["one", "run", "again"],
  open: (settings) => new Noise(settings),
  panels: [{ draw: latest }, { draw: settling }],
  words: {
    en: {
      name: "Lab: two gradients, draw by draw",
      controls: {
        sigma: "σ, the width of q",
        baseline: "best baseline",
        one: "One draw",
        run: "Draw on",
        again: "Start again",
      },
      panels: [
        "The curve z² over q; at the latest draw, the height that the score function uses and the slope that the pathwise gradient uses",
        "The running means of both estimates as draws come, with the bands that their variances predict, around the exact gradient 3",
      ],
      sentence: ({ draws, score, pathwise, last_score, last_pathwise, worth }) =>
        `Draw ${fixed(draws, 0)}: score function ${fixed(last_score, 2)}, pathwise ${fixed(last_pathwise, 2)}; their means are ${fixed(score, 3)} and ${fixed(pathwise, 3)}, exact 3. One pathwise draw is worth ${rounded(worth, 3)} of the score function`,
      value: "f(z) = z²",
      score: "score function",
      pathwise: "pathwise",
      count: "draws",
      mean: "mean of the estimates",
      exact: "exact",
    },
    "zh-TW": {
      name: "實驗：兩種梯度，一次抽一個",
      controls: {
        sigma: "σ，q 的標準差",
        baseline: "最佳基線",
        one: "抽一次",
        run: "一直抽",
        again: "重新開始",
      },
      panels: [
        "曲線 z² 疊在 q 上；最近一次抽樣之處，分數函數用的是高度，路徑梯度用的是斜率",
        "樣本愈來愈多時，兩種估計值的平均，以及變異數預測的範圍，圍著精確的梯度 3",
      ],
      sentence: ({ draws, score, pathwise, last_score, last_pathwise, worth }) =>
        `第 ${fixed(draws, 0)} 次抽樣：分數函數 ${fixed(last_score, 2)}，路徑 ${fixed(last_pathwise, 2)}；平均各是 ${fixed(score, 3)} 與 ${fixed(pathwise, 3)}，精確值是 3。路徑抽一次，抵得上分數函數抽 ${rounded(worth, 3)} 次`,
      value: "f(z) = z²",
      score: "分數函數",
      pathwise: "路徑",
      count: "抽樣次數",
      mean: "估計值的平均",
      exact: "精確值",
    },
  },
};
