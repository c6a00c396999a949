// Chapter 6: importance weights of chapter 2's example, x = 2 tanh z + 0.4 ε seen at 1.8. The reader
// chooses q and k, and sees what of the k draws counts, and how a hundred estimates of log p(x)
// scatter.

import { draw, logProb, standard } from "../engine/gaussian.js";
import { gaussianLogProb } from "../engine/likelihoods.js";
import { effectiveSampleSize, importanceWeightedBound } from "../engine/objectives.js";
import { grid, logIntegral, posteriorDensity } from "../engine/quadrature.js";
import { Random } from "../engine/random.js";
import { area, axes, curve, dots, frame, text } from "../plot.js";
import { fixed } from "../words.js";

const OBSERVED = Float64Array.of(1.8);
const NOISE = 0.4;
const TIMES = 100; // estimates
const MOST = 300; // draws in each
const SIZES = [1, 3, 10, 30, 100, MOST];
const SEED = 2;

/**
 * @param {Float64Array} z
 * @returns {Float64Array} log p(x, z)
 */
function logJoint(z) {
  const means = z.map((value) => 2 * Math.tanh(value));
  const prior = logProb(standard(1), z);
  return gaussianLogProb(means, 2 * Math.log(NOISE), OBSERVED, 1).map((log, i) => log + prior[i]);
}

const Z = grid(2001, 8);
const EVIDENCE = logIntegral(Z, logJoint(Z));
const POSTERIOR = posteriorDensity(Z, logJoint(Z));

/** @typedef {{mean: number, width: number, k: number}} Settings */

/** @type {(values: Float64Array) => {mean: number, spread: number}} */
function summary(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (values.length - 1)) };
}

/** q, and the weights of all its draws. */
export class Weights {
  random = new Random(SEED);
  noise = this.random.normals(TIMES * MOST); // a row for each estimate
  draws = this.noise;
  logWeights = this.noise;

  /** @param {Settings} start */
  constructor(start) {
    this.settings = start;
    this.set({});
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    this.settings = { ...this.settings, ...settings };
    this.settings.k = Math.round(this.settings.k);
    const { mean, width } = this.settings;
    const logVar = 2 * Math.log(width);
    const q = { mean: Float64Array.of(mean), logVar: Float64Array.of(logVar), size: 1 };
    this.draws = draw(q, this.noise);
    const own = logProb(q, this.draws);
    this.logWeights = logJoint(this.draws).map((value, i) => value - own[i]);
  }

  /**
   * @param {number} k
   * @returns {Float64Array} as many estimates of log p(x) as there are, of k draws each
   */
  estimates(k) {
    return Float64Array.from({ length: TIMES }, (_, row) => {
      const own = this.logWeights.subarray(row * MOST, row * MOST + k);
      return importanceWeightedBound(own)[0];
    });
  }

  /** The first estimate's draws and their log weights. */
  get first() {
    const { k } = this.settings;
    return { draws: this.draws.subarray(0, k), logWeights: this.logWeights.subarray(0, k) };
  }

  numbers() {
    const { mean, spread } = summary(this.estimates(this.settings.k));
    return {
      ...this.settings,
      evidence: EVIDENCE,
      ess: effectiveSampleSize(this.first.logWeights)[0],
      estimate: importanceWeightedBound(this.first.logWeights)[0],
      bound: mean,
      scatter: spread,
    };
  }

  /** Other draws. */
  press() {
    this.noise = this.random.normals(TIMES * MOST);
    this.set({});
  }
}

const PLANE = axes([-1.5, 3.9], [0, 1.6]);
const ROOT_2PI = Math.sqrt(2 * Math.PI);

/**
 * @param {Weights} model
 * @param {Record<string, string>} words
 */
function stems(model, words) {
  const { mean, width } = model.settings;
  const some = [...Z.keys()].filter((i) => i % 4 === 0 && Z[i] > -1.5 && Z[i] < 3.9);
  const shown = some.map((i) => Z[i]);
  const posterior = some.map((i) => POSTERIOR[i]);
  const q = shown.map((z) =>
    Math.min(1.6, Math.exp(-0.5 * ((z - mean) / width) ** 2) / (width * ROOT_2PI)),
  );
  const { draws, logWeights } = model.first;
  const largest = logWeights.reduce((most, value) => Math.max(most, value), -Infinity);
  const inside = [...draws.keys()].filter((i) => draws[i] > -1.5 && draws[i] < 3.9);
  const places = inside.map((i) => draws[i]);
  const heights = inside.map((i) => Math.exp(logWeights[i] - largest));
  return [
    frame(PLANE, [-1, 0, 1, 2, 3], [0, 0.5, 1, 1.5], "z", words.density),
    area(PLANE, shown, posterior, 0, "green"),
    ...places.map((z, i) => curve(PLANE, [z, z], [0, heights[i]], "orange")),
    curve(PLANE, shown, q, "blue thick"),
    dots(PLANE, places, heights, "orange"),
    text(320, 16, words.posterior, "end", "green"),
    text(320, 32, "q(z|x)", "end", "blue"),
    text(320, 48, words.weights, "end", "orange"),
  ].join("");
}

/**
 * @param {Weights} model
 * @param {Record<string, string>} words
 */
function scatter(model, words) {
  const [low, high] = [EVIDENCE - 4, EVIDENCE + 1.5];
  const at = axes([0.8, 1.3 * MOST], [low, high], { logX: true });
  const inside = (/** @type {number} */ value) => Math.min(high, Math.max(low, value));
  const all = SIZES.map((k) => summary(model.estimates(k)));
  const upper = all.map(({ mean, spread }) => inside(mean + spread));
  const lower = all.map(({ mean, spread }) => inside(mean - spread));
  const present = model.estimates(model.settings.k).map(inside);
  const places = Float64Array.from(present, (_, i) => {
    return model.settings.k * (1 + 0.12 * (((i * 0.618034) % 1) - 0.5));
  });
  return [
    frame(at, SIZES, [-5, -4, -3, -2, -1, 0], "k", words.nats),
    area(
      at,
      [...SIZES, ...SIZES.toReversed()],
      [...upper, ...lower.toReversed()],
      upper[0],
      "blue",
    ),
    curve(
      at,
      SIZES,
      all.map(({ mean }) => inside(mean)),
      "blue",
    ),
    curve(at, [0.8, 1.3 * MOST], [EVIDENCE, EVIDENCE], "green dashed"),
    dots(at, places, present, "orange faint"),
    text(320, at.y(EVIDENCE) - 40, "log p(x)", "end", "green"),
    text(320, 190, words.bound, "end", "blue"),
  ].join("");
}

/** @type {import("../shell.js").Lab<Weights>} */
export const weights = {
  ranges: {
    k: { min: 1, max: MOST, step: 0.1, log: true, say: (value) => fixed(Math.round(value), 0) },
    mean: { min: -1, max: 3, step: 0.05, say: (value) => fixed(value, 2) },
    width: { min: 0.15, max: 2, step: 0.03, log: true, say: (value) => fixed(value, 2) },
  },
  switches: [],
  buttons: ["redraw", "again"],
  open: (settings) => new Weights(settings),
  panels: [{ draw: stems }, { draw: scatter }],
  words: {
    en: {
      name: "Lab: what k draws are worth",
      controls: {
        k: "draws k",
        mean: "mean of q",
        width: "width of q (standard deviation)",
        redraw: "Draw anew",
        again: "Start again",
      },
      panels: [
        "q over the posterior, and the draws of one estimate as stems as long as their weights",
        "A hundred estimates of log p(x) from k draws each, their mean and standard deviation at each k, and log p(x)",
      ],
      sentence: ({ k, ess, bound, scatter, evidence }) =>
        `k = ${fixed(k, 0)}: ${fixed(ess, 1)} of the draws count; a hundred such estimates have mean ${fixed(bound, 3)} and standard deviation ${fixed(scatter, 3)}; log p(x) = ${fixed(evidence, 3)} nats`,
      density: "density",
      posterior: "posterior p(z|x)",
      weights: "weights (rescaled)",
      nats: "nats",
      bound: "mean ± standard deviation",
    },
    "zh-TW": {
      name: "實驗：k 次抽樣值多少",
      controls: {
        k: "抽樣次數 k",
        mean: "q 的平均值",
        width: "q 的標準差",
        redraw: "重新抽樣",
        again: "重新開始",
      },
      panels: [
        "q 疊在後驗上；一個估計值的各次抽樣畫成直線，長短就是權重",
        "一百個 log p(x) 的估計值，各抽 k 次；每個 k 的平均值與標準差，以及 log p(x)",
      ],
      sentence: ({ k, ess, bound, scatter, evidence }) =>
        `k = ${fixed(k, 0)}：其中 ${fixed(ess, 1)} 次抽樣出了力；一百個這樣的估計值，平均值 ${fixed(bound, 3)}，標準差 ${fixed(scatter, 3)}；log p(x) = ${fixed(evidence, 3)} nat`,
      density: "密度",
      posterior: "後驗 p(z|x)",
      weights: "權重（已縮放）",
      nats: "nat",
      bound: "平均值 ± 標準差",
    },
  },
};
