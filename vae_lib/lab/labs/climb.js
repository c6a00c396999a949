// Chapter 2: a Gaussian q over the true posterior of the bent decoder x = 2 tanh(slope z) + 0.4 ε.
// The reader moves q, or lets gradient steps on the ELBO move it, or the decoder's slope.

import { Adam } from "../engine/adam.js";
import { logProb, standard } from "../engine/gaussian.js";
import { gaussianLogProb } from "../engine/likelihoods.js";
import { elboOnGrid, grid, logIntegral } from "../engine/quadrature.js";
import { area, axes, box, curve, frame, HEIGHT, text, ticks } from "../plot.js";
import { fixed } from "../words.js";

const OBSERVED = Float64Array.of(1.8);
const NOISE = 0.4;
const Z = grid(2001, 8);
const LOG_PRIOR = logProb(standard(1), Z);
const RATE = 0.05; // of Adam
const FLAT = 1e-3; // a gradient in nats that ends a climb
const LONGEST = 400; // steps of a climb
const KEPT = 150; // of the latest bounds
const ROOT_2PI = Math.sqrt(2 * Math.PI);

/** @typedef {{mean: number, width: number, slope: number}} Settings */

/** q, the decoder, and how the bound came to where it is. */
export class Climb {
  logJoint = LOG_PRIOR;
  evidence = 0;
  elbo = { value: 0, mean: 0, logVar: 0 };
  /** @type {{bound: number, evidence: number}[]} */
  history = [];

  /** @param {Settings} start */
  constructor(start) {
    this.settings = { ...start };
    this.learn();
    this.look();
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    Object.assign(this.settings, settings);
    if (settings.slope !== undefined) this.learn();
    this.look();
  }

  /** Take the decoder with the present slope. */
  learn() {
    const means = Z.map((z) => 2 * Math.tanh(this.settings.slope * z));
    const logLikelihood = gaussianLogProb(means, 2 * Math.log(NOISE), OBSERVED, 1);
    this.logJoint = logLikelihood.map((value, i) => value + LOG_PRIOR[i]);
    this.evidence = logIntegral(Z, this.logJoint);
  }

  /** Take the present bound. */
  look() {
    this.elbo = elboOnGrid(Z, this.logJoint, this.q);
    this.history.push({ bound: this.elbo.value, evidence: this.evidence });
    this.history.splice(0, this.history.length - KEPT);
  }

  get q() {
    return { mean: this.settings.mean, logVar: 2 * Math.log(this.settings.width) };
  }

  numbers() {
    return {
      ...this.settings,
      evidence: this.evidence,
      elbo: this.elbo.value,
      gap: this.evidence - this.elbo.value,
      history: this.history.map(({ bound }) => bound),
    };
  }

  /**
   * @param {string} button
   * @returns {() => boolean}
   */
  press(button) {
    return button === "climb" ? this.stepsInQ() : this.stepsInSlope();
  }

  /** Gradient ascent in q's mean and log variance. @returns {() => boolean} */
  stepsInQ() {
    const place = [Float64Array.of(this.q.mean), Float64Array.of(this.q.logVar)];
    const adam = new Adam(place, { learningRate: RATE });
    return () => {
      const { mean, logVar } = this.elbo;
      adam.step([Float64Array.of(-mean), Float64Array.of(-logVar)]);
      this.set({ mean: place[0][0], width: Math.exp(0.5 * place[1][0]) });
      return Math.hypot(mean, logVar) > FLAT && adam.steps < LONGEST;
    };
  }

  /** Gradient ascent in the slope's logarithm, q held fixed. @returns {() => boolean} */
  stepsInSlope() {
    const [low, high] = [RANGES.slope.min, RANGES.slope.max].map(Math.log);
    const place = [Float64Array.of(Math.log(this.settings.slope))];
    const adam = new Adam(place, { learningRate: RATE });
    return () => {
      const ascent = this.slopeGradient();
      adam.step([Float64Array.of(-ascent)]);
      place[0][0] = Math.min(high, Math.max(low, place[0][0]));
      this.set({ slope: Math.exp(place[0][0]) });
      const inside = low < place[0][0] && place[0][0] < high;
      return inside && Math.abs(ascent) > FLAT && adam.steps < LONGEST;
    };
  }

  /** The derivative of the ELBO in the slope's logarithm. @returns {number} */
  slopeGradient() {
    const { slope } = this.settings;
    const { mean, logVar } = this.q;
    const q = { mean: Float64Array.of(mean), logVar: Float64Array.of(logVar), size: 1 };
    const logQ = logProb(q, Z);
    let sum = 0;
    for (let i = 0; i < Z.length; i++) {
      const bent = Math.tanh(slope * Z[i]);
      const error = (OBSERVED[0] - 2 * bent) / NOISE ** 2;
      sum += Math.exp(logQ[i]) * error * 2 * (1 - bent * bent) * slope * Z[i];
    }
    return sum * (Z[1] - Z[0]);
  }
}

/** @type {Record<"mean" | "width" | "slope", import("../shell.js").Range>} */
const RANGES = {
  mean: { min: -1, max: 3.5, step: 0.05, say: (value) => fixed(value, 2) },
  width: { min: 0.15, max: 2, step: 0.03, log: true, say: (value) => fixed(value, 2) },
  slope: { min: 0.5, max: 8, step: 0.03, log: true, say: (value) => fixed(value, 2) },
};

const SHOWN = Float64Array.from({ length: 181 }, (_, i) => -1.5 + i * 0.03);
const PLANE = axes([-1.5, 3.9], [0, 2.4]);

/**
 * @param {Climb} model
 * @param {Record<string, string>} words
 */
function densities(model, words) {
  const { mean, width, slope } = model.settings;
  const posterior = SHOWN.map((z) => {
    const error = (OBSERVED[0] - 2 * Math.tanh(slope * z)) / NOISE;
    const log = -0.5 * (error * error + z * z) - Math.log(2 * Math.PI * NOISE);
    return Math.min(2.4, Math.exp(log - model.evidence));
  });
  const q = SHOWN.map((z) => Math.exp(-0.5 * ((z - mean) / width) ** 2) / (width * ROOT_2PI));
  return [
    frame(PLANE, [-1, 0, 1, 2, 3], [0, 0.5, 1, 1.5, 2], "z", words.density),
    area(PLANE, SHOWN, posterior, 0, "green"),
    curve(PLANE, SHOWN, posterior, "green"),
    curve(
      PLANE,
      SHOWN,
      q.map((height) => Math.min(height, 2.6)),
      "blue thick",
    ),
    text(320, 38, words.posterior, "end", "green"),
    text(320, 54, "q(z|x)", "end", "blue"),
  ].join("");
}

/**
 * The bound over the latest moves and, at the right, as a bar up to log p(x).
 * @param {Climb} model
 * @param {Record<string, string>} words
 */
function bound(model, words) {
  const { evidence, elbo, gap } = model.numbers();
  const room = Math.max(0.4, 0.4 * 4 ** Math.ceil(Math.log(gap / 0.3) / Math.log(4)));
  const floor = evidence - room;
  const top = evidence + 0.12 * room;
  const at = axes([0, KEPT * 1.3], [floor, top]);
  const first = KEPT - model.history.length;
  const moves = model.history.map((_, i) => first + i + 1);
  const low = model.history.map((one) => Math.max(floor, one.bound));
  const high = model.history.map((one) => Math.min(top, Math.max(floor, one.evidence)));
  const [left, right] = [KEPT * 1.06, KEPT * 1.24];
  return [
    frame(at, [], ticks([floor, top], 5), words.moves, words.nats),
    curve(at, moves, high, "green dashed"),
    curve(at, moves, low, "blue"),
    box(at, [left, right], [floor, elbo], "blue"),
    box(at, [left, right], [elbo, evidence], "orange"),
    curve(at, [0, KEPT * 1.3], [evidence, evidence], "green dashed faint"),
    text(46, at.y(evidence) - 5, `log p(x) = ${fixed(evidence, 3)}`, "start", "green"),
    text(at.x(left) - 6, HEIGHT - 44, `ELBO ${fixed(elbo, 3)}`, "end", "blue"),
    text(at.x(left) - 6, at.y(evidence) + 16, `${words.gap} ${fixed(gap, 3)}`, "end", "orange"),
  ].join("");
}

/** @type {import("../shell.js").Lab<Climb>} */
export const climb = {
  ranges: RANGES,
  switches: [],
  buttons: ["climb", "learn", "again"],
  open: (settings) => new Climb(settings),
  panels: [
    {
      draw: densities,
      handle: {
        at: ({ settings: { mean, width } }) => [
          PLANE.x(mean),
          PLANE.y(Math.min(2.4, 1 / (width * ROOT_2PI))),
        ],
        to: (x, y) => ({
          mean: PLANE.inX(x),
          width: 1 / (Math.max(0.01, PLANE.inY(y)) * ROOT_2PI),
        }),
      },
    },
    { draw: bound },
  ],
  words: {
    en: {
      name: "Lab: move q, or let it climb",
      controls: {
        mean: "mean of q",
        width: "width of q (standard deviation)",
        slope: "slope of the decoder, θ",
        climb: "Climb in q (E-step)",
        learn: "Climb in θ (M-step)",
        again: "Start again",
      },
      panels: [
        "The density of q over the posterior p(z|x); q's peak can be dragged",
        "The ELBO over the latest moves, and as a bar that the gap fills up to log p(x)",
      ],
      sentence: ({ mean, width, slope, evidence, elbo, gap }) =>
        `q = N(${fixed(mean, 2)}, ${fixed(width, 2)}²), slope ${fixed(slope, 2)}: log p(x) = ${fixed(evidence, 3)} = ELBO ${fixed(elbo, 3)} + gap ${fixed(gap, 3)} nats`,
      density: "density",
      posterior: "posterior p(z|x)",
      moves: "latest moves",
      nats: "nats",
      gap: "gap",
    },
    "zh-TW": {
      name: "實驗：移動 q，或讓它自己往上爬",
      controls: {
        mean: "q 的平均值",
        width: "q 的標準差",
        slope: "解碼器的斜率 θ",
        climb: "沿 q 往上爬（E 步驟）",
        learn: "沿 θ 往上爬（M 步驟）",
        again: "重新開始",
      },
      panels: [
        "q 的密度疊在後驗 p(z|x) 上；q 的頂點可以拖曳",
        "最近幾步的 ELBO，以及一條長條：ELBO 加上落差，正好到 log p(x)",
      ],
      sentence: ({ mean, width, slope, evidence, elbo, gap }) =>
        `q = N(${fixed(mean, 2)}, ${fixed(width, 2)}²)，斜率 ${fixed(slope, 2)}：log p(x) = ${fixed(evidence, 3)} = ELBO ${fixed(elbo, 3)} + 落差 ${fixed(gap, 3)} nat`,
      density: "密度",
      posterior: "後驗 p(z|x)",
      moves: "最近幾步",
      nats: "nat",
      gap: "落差",
    },
  },
};
