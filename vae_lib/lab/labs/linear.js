// Chapter 8: a linear VAE learns. Its evidence, its posterior and its ELBO are exact, so that the
// gap and its two parts are no estimates: no diagonal q is better, and the encoder's is not the best.

import { Adam } from "../engine/adam.js";
import { cholesky } from "../engine/cholesky.js";
import { gapParts, logEvidence, posterior, sigmaPoints } from "../engine/linear.js";
import { Random } from "../engine/random.js";
import { trainingStep } from "../engine/training.js";
import { encode, learned, makeVae } from "../engine/vae.js";
import { area, axes, curve, frame, text, ticks } from "../plot.js";
import { fixed, rounded } from "../words.js";

const LATENT = 2;
const COUNT = 60; // data points
const WEIGHT = [1.5, 1.1, 0.4, 1.2, -0.6, 0.5]; // of the model that made the data: D = 3 rows of L
const NOISE = 0.5; // and its σ
const SEED = 3;
// The decoder starts with columns that lean on each other, so that the posterior leans, too.
const START = [0.2, 0.6, 1.2, 1.3, 0.3, 0.1];
const START_LOG_VAR = Math.log(0.36);
const MOST = 2000; // steps
const PACE = 40; // so many pictures multiply the number of steps by e
const NOISE_OF_STEP = sigmaPoints(LATENT, COUNT); // makes each step's gradient exact

/** @returns {Float64Array} COUNT rows of D numbers */
function makeData() {
  const random = new Random(SEED);
  const size = WEIGHT.length / LATENT;
  const x = new Float64Array(COUNT * size);
  for (let row = 0; row < COUNT; row++) {
    const z = random.normals(LATENT);
    for (let d = 0; d < size; d++)
      x[row * size + d] =
        WEIGHT[d * LATENT] * z[0] + WEIGHT[d * LATENT + 1] * z[1] + NOISE * random.normal();
  }
  return x;
}

export const X = makeData();

/** @type {(values: Float64Array) => number} */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A VAE of two linear networks, and how its bound came to where it is. */
export class Learner {
  /** @param {{rate: number}} start */
  constructor(start) {
    this.settings = { ...start };
    const size = WEIGHT.length / LATENT;
    this.vae = makeVae(size, [], LATENT, "gaussian", "identity", new Random(SEED));
    this.vae.decoder[0].weight.set(START);
    this.vae.logVar[0] = START_LOG_VAR;
    this.adam = new Adam(learned(this.vae));
    /** @type {{steps: number, elbo: number, best: number, evidence: number}[]} */
    this.history = [];
    this.look();
  }

  /** @param {{rate?: number}} settings */
  set(settings) {
    Object.assign(this.settings, settings);
  }

  /** The decoder as a linear model. */
  get model() {
    const [{ weight, bias }] = this.vae.decoder;
    return { weight, bias, logVar: this.vae.logVar[0] };
  }

  look() {
    const evidence = mean(logEvidence(this.model, X));
    const parts = gapParts(this.model, X, encode(this.vae, X));
    const [family, encoder] = [mean(parts.family), mean(parts.encoder)];
    const [best, elbo] = [evidence - family, evidence - family - encoder];
    this.history.push({ steps: this.adam.steps, elbo, best, evidence });
  }

  numbers() {
    const { steps, elbo, best, evidence } = this.history[this.history.length - 1];
    return {
      ...this.settings,
      steps,
      evidence,
      elbo,
      gap: evidence - elbo,
      family: evidence - best,
      encoder: best - elbo,
      sigma: Math.exp(0.5 * this.vae.logVar[0]),
      history: this.history.map((one) => one.elbo),
    };
  }

  /** @returns {() => boolean} */
  press() {
    return () => {
      this.adam.learningRate = this.settings.rate;
      for (let i = Math.ceil((this.adam.steps + 1) / PACE); i && this.adam.steps < MOST; i--)
        trainingStep(this.vae, this.adam, X, NOISE_OF_STEP);
      this.look();
      return this.adam.steps < MOST;
    };
  }
}

const PLANE = axes([-3.5, 3.5], [-2.2, 2.2]); // one unit is as long on both axes
const CHOSEN = [0, 1, 2, 3, 4]; // data points whose posteriors are drawn
const TURN = Array.from({ length: 41 }, (_, i) => (i * Math.PI) / 20);

/**
 * The points one standard deviation from a Gaussian's mean.
 * @param {Float64Array} center
 * @param {Float64Array} root lower-triangular, root rootᵀ is the covariance
 * @param {string} look classes
 */
function ellipse(center, root, look) {
  const xs = TURN.map((turn) => center[0] + root[0] * Math.cos(turn));
  const ys = TURN.map((turn) => center[1] + root[2] * Math.cos(turn) + root[3] * Math.sin(turn));
  return curve(PLANE, xs, ys, look);
}

/**
 * The exact posteriors of some data points, and the encoder's q.
 * @param {Learner} learner
 * @param {Record<string, string>} words
 */
function posteriors(learner, words) {
  const exact = posterior(learner.model, X);
  const root = cholesky(exact.covariance, LATENT);
  const q = encode(learner.vae, X);
  const row = (/** @type {Float64Array} */ rows, /** @type {number} */ i) =>
    rows.subarray(i * LATENT, (i + 1) * LATENT);
  return [
    frame(PLANE, [-3, -2, -1, 0, 1, 2, 3], [-2, -1, 0, 1, 2], "z₁", "z₂"),
    ...CHOSEN.map((i) => ellipse(row(exact.mean, i), root, "green")),
    ...CHOSEN.map((i) => {
      const [first, second] = row(q.logVar, i).map((log) => Math.exp(0.5 * log));
      return ellipse(row(q.mean, i), Float64Array.of(first, 0, 0, second), "blue dashed");
    }),
    text(46, 36, words.posterior, "start", "green"),
    text(46, 52, words.q, "start", "blue"),
  ].join("");
}

/**
 * The bound and the evidence over the steps; the gap's two parts between them.
 * @param {Learner} learner
 * @param {Record<string, string>} words
 */
function learning({ history }, words) {
  const { evidence, elbo, best } = history[history.length - 1];
  const floor = Math.max(history[0].elbo, evidence - 6);
  const top = evidence + 0.12 * (evidence - floor) + 0.3;
  const at = axes([1, MOST], [floor, top], { logX: true });
  const places = history.map((one) => one.steps + 1);
  const inside = (/** @type {number} */ value) => Math.min(top, Math.max(floor, value));
  const bound = history.map((one) => inside(one.elbo));
  const middle = history.map((one) => inside(one.best));
  const exact = history.map((one) => inside(one.evidence));
  const round = [...places, ...places.toReversed()];
  return [
    frame(at, [1, 10, 100, 1000], ticks([floor, top], 5), words.steps, words.nats),
    area(at, round, [...middle, ...bound.toReversed()], middle[0], "orange"),
    area(at, round, [...exact, ...middle.toReversed()], exact[0], "purple"),
    curve(at, places, exact, "green dashed"),
    curve(at, places, bound, "blue"),
    text(318, 176, `log p(x) ${fixed(evidence, 3)}`, "end", "green"),
    text(318, 160, `${words.family} ${fixed(evidence - best, 3)}`, "end", "purple"),
    text(318, 144, `${words.encoder} ${fixed(best - elbo, 3)}`, "end", "orange"),
    text(318, 192, `ELBO ${fixed(elbo, 3)}`, "end", "blue"),
  ].join("");
}

/** @type {import("../shell.js").Lab<Learner>} */
export const linear = {
  ranges: {
    rate: { min: 0.001, max: 0.1, step: 0.1, log: true, say: (value) => rounded(value, 2) },
  },
  switches: [],
  buttons: ["learn", "again"],
  open: (settings) => new Learner(settings),
  panels: [{ draw: posteriors }, { draw: learning }],
  words: {
    en: {
      name: "Lab: a linear VAE learns",
      controls: { rate: "step size", learn: "Learn", again: "Start again" },
      panels: [
        "The exact posteriors of five data points as ellipses, and the encoder's q, whose ellipses cannot lean",
        "The ELBO and the exact log p(x) over the steps; between them the two parts of the gap",
      ],
      sentence: ({ steps, evidence, elbo, family, encoder }) =>
        `Step ${fixed(steps, 0)}: log p(x) = ${fixed(evidence, 3)} = ELBO ${fixed(elbo, 3)} + encoder ${fixed(encoder, 3)} + diagonal q ${fixed(family, 3)} nats a data point`,
      posterior: "posterior",
      q: "q of the encoder",
      steps: "steps",
      nats: "nats a data point",
      family: "gap of a diagonal q",
      encoder: "gap of the encoder",
    },
    "zh-TW": {
      name: "實驗：線性 VAE 學習",
      controls: { rate: "步長", learn: "學習", again: "重新開始" },
      panels: [
        "五個資料點的精確後驗，畫成橢圓；編碼器的 q 也是橢圓，但不能傾斜",
        "逐步的 ELBO 與精確的 log p(x)；兩者之間是落差的兩個部分",
      ],
      sentence: ({ steps, evidence, elbo, family, encoder }) =>
        `第 ${fixed(steps, 0)} 步：log p(x) = ${fixed(evidence, 3)} = ELBO ${fixed(elbo, 3)} + 編碼器的落差 ${fixed(encoder, 3)} + 對角 q 的落差 ${fixed(family, 3)}，每個資料點的 nat 數`,
      posterior: "後驗",
      q: "編碼器的 q",
      steps: "步數",
      nats: "每個資料點的 nat 數",
      family: "對角 q 的落差",
      encoder: "編碼器的落差",
    },
  },
};
