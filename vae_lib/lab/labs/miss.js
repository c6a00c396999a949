// Chapter 1: draws from the prior N(0, 1) as estimates of p(x), where x = z + noise ε. The posterior
// moves away or narrows, and χ² says how many draws it takes.

import { logProb, standard } from "../engine/gaussian.js";
import { gaussianLogProb } from "../engine/likelihoods.js";
import { logEvidence, posterior } from "../engine/linear.js";
import { grid, priorChiSquare } from "../engine/quadrature.js";
import { Random } from "../engine/random.js";
import { area, axes, curve, dots, frame, text } from "../plot.js";
import { fixed, rounded } from "../words.js";

const Z = grid(8001, 8);
const LOG_PRIOR = logProb(standard(1), Z);
const FIRST = 100; // draws that are there at the start
const MOST = 10000;
const SHOWN = 400; // of the latest draws
const SEED = 5;

/** @typedef {{x: number, noise: number}} Settings */

/** The model, and the draws so far. */
export class Miss {
  random = new Random(SEED);
  draws = Array.from(this.random.normals(FIRST));
  logVar = 0;
  observed = Float64Array.of(0);
  mean = 0; // of the posterior, and its standard deviation
  std = 1;
  evidence = 0;
  chiSquare = 0;
  /** @type {number[]} p̂_K / p for K = 1, 2, … */
  ratios = [];
  sum = 0;
  near = 0;

  /** @param {Settings} start */
  constructor(start) {
    this.settings = start;
    this.set({});
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    this.settings = { ...this.settings, ...settings };
    const { x, noise } = this.settings;
    this.logVar = 2 * Math.log(noise);
    this.observed = Float64Array.of(x);
    const model = { weight: Float64Array.of(1), bias: Float64Array.of(0), logVar: this.logVar };
    const exact = posterior(model, this.observed);
    this.mean = exact.mean[0];
    this.std = Math.sqrt(exact.covariance[0]);
    this.evidence = logEvidence(model, this.observed)[0];
    const logLikelihood = gaussianLogProb(Z, this.logVar, this.observed, 1);
    const logJoint = logLikelihood.map((value, i) => value + LOG_PRIOR[i]);
    this.chiSquare = priorChiSquare(Z, logJoint);
    this.ratios = [];
    this.sum = 0;
    this.near = 0;
    for (const z of this.draws) this.count(z);
  }

  /** @param {number} z a draw */
  count(z) {
    const log = gaussianLogProb(Float64Array.of(z), this.logVar, this.observed, 1)[0];
    this.sum += Math.exp(log - this.evidence);
    this.ratios.push(this.sum / (this.ratios.length + 1));
    if (this.hits(z)) this.near++;
  }

  /** @param {number} z a draw */
  hits(z) {
    return Math.abs(z - this.mean) < 2 * this.std;
  }

  numbers() {
    return {
      ...this.settings,
      chi_square: this.chiSquare,
      needed: Math.ceil(100 * this.chiSquare),
      draws: this.draws.length,
      near: this.near,
      ratio: this.ratios[this.ratios.length - 1],
    };
  }

  /** @returns {() => boolean} */
  press() {
    return () => {
      for (let i = Math.ceil(this.draws.length / 60); i && this.draws.length < MOST; i--) {
        const z = this.random.normal();
        this.draws.push(z);
        this.count(z);
      }
      return this.draws.length < MOST;
    };
  }
}

const PLANE = axes([-4, 5], [-0.55, 1.15]);
const SIDE = Float64Array.from({ length: 226 }, (_, i) => -4 + i * 0.04);

/**
 * @param {Miss} model
 * @param {Record<string, string>} words
 */
function densities(model, words) {
  const { mean, std } = model;
  // Its peak lies between two points of the axis.
  const near = [-4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4].map(
    (step) => mean + step * std,
  );
  const bell = [...SIDE, ...near].sort((a, b) => a - b).filter((z) => z >= -4 && z <= 5);
  const draws = model.draws.slice(-SHOWN);
  const heights = draws.map((_, i) => -0.08 - 0.42 * ((i * 0.618034) % 1));
  /** @param {boolean} hit */
  const some = (hit) => {
    const chosen = [...draws.keys()].filter((i) => model.hits(draws[i]) === hit);
    return [chosen.map((i) => draws[i]), chosen.map((i) => heights[i])];
  };
  const posteriorHeights = bell.map((z) => Math.exp(-0.5 * ((z - mean) / std) ** 2));
  return [
    frame(PLANE, [-4, -2, 0, 2, 4], [], "z", words.density),
    area(PLANE, bell, posteriorHeights, 0, "green"),
    curve(
      PLANE,
      SIDE,
      SIDE.map((z) => Math.exp(-0.5 * z * z)),
      "blue",
    ),
    curve(PLANE, bell, posteriorHeights, "green"),
    dots(PLANE, .../** @type {[number[], number[]]} */ (some(false)), "faint"),
    dots(PLANE, .../** @type {[number[], number[]]} */ (some(true)), "orange"),
    text(46, 38, words.prior, "start", "blue"),
    text(320, 16, words.posterior, "end", "green"),
  ].join("");
}

const ESTIMATES = axes([1, MOST], [0, 2.5], { logX: true });

/**
 * The estimate over the truth, draw by draw, with the law's band around 1.
 * @param {Miss} model
 * @param {Record<string, string>} words
 */
function estimates(model, words) {
  const at = ESTIMATES;
  const places = Array.from({ length: 81 }, (_, i) => MOST ** (i / 80));
  const spread = places.map((count) => Math.sqrt(model.chiSquare / count));
  const upper = spread.map((value) => Math.min(2.5, 1 + value));
  const lower = spread.map((value) => Math.max(0, 1 - value));
  const count = model.ratios.length;
  const steps = Array.from({ length: 161 }, (_, i) => Math.round(count ** (i / 160)));
  const ratios = steps.map((step) => Math.min(2.5, model.ratios[step - 1]));
  const needed = Math.ceil(100 * model.chiSquare);
  return [
    frame(at, [1, 10, 100, 1000, 10000], [0, 0.5, 1, 1.5, 2, 2.5], words.count, words.estimate),
    area(
      at,
      [...places, ...places.toReversed()],
      [...upper, ...lower.toReversed()],
      upper[0],
      "green",
    ),
    curve(at, [1, MOST], [1, 1], "green dashed"),
    curve(at, steps, ratios, "orange"),
    needed > 1 && needed < MOST ? curve(at, [needed, needed], [0, 2.5], "dashed faint") : "",
    text(320, 38, `χ² = ${rounded(model.chiSquare, 4)}`, "end"),
  ].join("");
}

/** @type {import("../shell.js").Lab<Miss>} */
export const miss = {
  ranges: {
    x: { min: 0, max: 4, step: 0.1, say: (value) => fixed(value, 1) },
    noise: { min: 0.03, max: 1, step: 0.05, log: true, say: (value) => rounded(value, 2) },
  },
  switches: [],
  buttons: ["draw", "again"],
  open: (settings) => new Miss(settings),
  panels: [{ draw: densities }, { draw: estimates }],
  words: {
    en: {
      name: "Lab: draws from the prior that hit or miss",
      controls: {
        x: "the observation x: how far the posterior is",
        noise: "noise: how narrow it is",
        draw: "Draw",
        again: "Start again",
      },
      panels: [
        "Prior and posterior, and draws from the prior, marked where they hit the posterior",
        "The estimate of p(x) over its exact value as draws come, and the band that χ² predicts",
      ],
      sentence: ({ x, noise, chi_square, needed, draws, near, ratio }) =>
        `x = ${fixed(x, 1)}, noise ${rounded(noise, 2)}: ${fixed(near, 0)} of ${fixed(draws, 0)} draws hit, and their estimate is ${fixed(ratio, 2)} times p(x); χ² = ${rounded(chi_square, 4)}, so an error of 10\u00a0% takes ${fixed(needed, 0)} draws`,
      density: "density (rescaled)",
      prior: "prior",
      posterior: "posterior",
      count: "draws K",
      estimate: "estimate / p(x)",
    },
    "zh-TW": {
      name: "實驗：從先驗抽樣，打中或落空",
      controls: {
        x: "觀測值 x：後驗離得多遠",
        noise: "雜訊：後驗有多窄",
        draw: "抽樣",
        again: "重新開始",
      },
      panels: [
        "先驗、後驗，以及從先驗抽出的樣本；打中後驗的標了顏色",
        "樣本愈來愈多時，p(x) 的估計值與真值的比，以及 χ² 預測的範圍",
      ],
      sentence: ({ x, noise, chi_square, needed, draws, near, ratio }) =>
        `x = ${fixed(x, 1)}、雜訊 ${rounded(noise, 2)}：${fixed(draws, 0)} 次抽樣打中 ${fixed(near, 0)} 次，估計值是 p(x) 的 ${fixed(ratio, 2)} 倍；χ² = ${rounded(chi_square, 4)}，要把誤差壓到 10\u00a0%，得抽 ${fixed(needed, 0)} 次`,
      density: "密度（各自縮放）",
      prior: "先驗",
      posterior: "後驗",
      count: "抽樣次數 K",
      estimate: "估計值 / p(x)",
    },
  },
};
