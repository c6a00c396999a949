// Chapter 5: a VAE learns small digits in the page, and its plane can be walked.

import { Adam } from "../engine/adam.js";
import { draw } from "../engine/gaussian.js";
import { elbo } from "../engine/objectives.js";
import { unpackDigits } from "../engine/packed.js";
import { Random } from "../engine/random.js";
import { batches, binarise, take, trainingStep } from "../engine/training.js";
import { picture as decoded, encode, learned, makeVae } from "../engine/vae.js";
import { ruleOf } from "../engine/wrong_losses.js";
import { coordinate, handle, plane, row } from "../pictures.js";
import { axes, curve, dots, frame, text } from "../plot.js";
import { fixed } from "../words.js";

export const PIXELS = 196;
const TRAINED = 800; // of the thousand digits; the others are held out
const HIDDEN = 100;
const BATCH = 50;
const EPOCH = TRAINED / BATCH; // steps
export const EPOCHS = 30; // of one press
const RATE = 3e-3;
const PRESS = EPOCHS * EPOCH; // steps of one press
const SHOWN = 10; // pictures in a row: one of each digit
const SEED = 0; // of the weights; order, pixels and noise have the next ones

/** @typedef {{z1: number, z2: number}} Point */
/** @typedef {Required<Pick<import("../shell.js").Packed, "digits">>} Needed */

/** A VAE, and how it came to be what it is. */
export class Train {
  vae = makeVae(PIXELS, [HIDDEN], 2, "bernoulli", "tanh", new Random(SEED));
  optimizer = new Adam(learned(this.vae), { learningRate: RATE });
  order = batches(TRAINED, BATCH, new Random(SEED + 1));
  pixels = new Random(SEED + 2);
  noise = new Random(SEED + 3);
  step = 0;
  /** @type {{loss: number[], kl: number[]}} of each epoch, a mean over its batches */
  history = { loss: [], kl: [] };
  epoch = { loss: 0, kl: 0 };
  /** @type {number[]} the held-out ELBO after each epoch, before the first one too */
  heldOut = [];

  /**
   * @param {any} start
   * @param {Needed} packed
   */
  constructor(start, packed) {
    this.settings = { ...start };
    const { images, labels } = unpackDigits(packed.digits);
    this.grey = images.subarray(0, TRAINED * PIXELS);
    this.test = binarise(images.subarray(TRAINED * PIXELS), new Random(SEED + 4));
    this.labels = labels.slice(TRAINED);
    this.testNoise = new Random(SEED + 5).normals(2 * this.labels.length);
    const kinds = Array.from({ length: SHOWN }, (_, digit) => labels.indexOf(digit, TRAINED));
    this.gallery = take(images, PIXELS, kinds);
    this.dreams = new Random(SEED + 6).normals(2 * SHOWN);
    this.q = encode(this.vae, this.test);
    this.measure();
  }

  /** @param {any} settings */
  set(settings) {
    Object.assign(this.settings, settings);
  }

  /** @returns {string[]} what is wrong with the loss: names as in `vae_lib.lessons.wrong_losses` */
  get mistakes() {
    return [];
  }

  /** Look at the held-out digits. */
  measure() {
    this.q = encode(this.vae, this.test);
    this.heldOut.push(mean(elbo(this.vae, this.test, this.testNoise, this.q).value));
  }

  /** @returns {boolean} whether all numbers are finite */
  learn() {
    const rows = this.order.next().value;
    const x = binarise(take(this.grey, PIXELS, rows), this.pixels);
    const drawn = this.noise.normals(2 * BATCH);
    const named = this.mistakes.filter((name) => name !== "no noise");
    const noise = named.length < this.mistakes.length ? drawn.fill(0) : drawn;
    const rule = ruleOf(named, PIXELS);
    const { loss, terms } = trainingStep(this.vae, this.optimizer, x, noise, rule);
    this.step++;
    this.epoch.loss += loss / EPOCH;
    this.epoch.kl += mean(terms.kl) / EPOCH;
    if (this.step % EPOCH === 0) {
      this.history.loss.push(this.epoch.loss);
      this.history.kl.push(this.epoch.kl);
      this.epoch = { loss: 0, kl: 0 };
      this.measure();
    }
    return Number.isFinite(loss);
  }

  /** @returns {() => boolean} */
  press() {
    const last = this.step + PRESS;
    return () => this.learn() && this.step < last;
  }

  numbers() {
    const [loss, kl] = [this.history.loss, this.history.kl].map((values) => values.at(-1) ?? 0);
    return {
      ...this.settings,
      step: this.step,
      loss,
      kl,
      log_likelihood: kl - loss,
      held_out: this.heldOut[this.heldOut.length - 1],
    };
  }

  /** The picture at the point. */
  get decoded() {
    return decoded(this.vae, Float64Array.of(this.settings.z1, this.settings.z2));
  }
}

/** @param {Float64Array} values */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Loss and terms, epoch by epoch.
 * @param {Train} model
 * @param {Record<string, string>} words
 */
function learning(model, words) {
  const { loss, kl } = model.history;
  const last = Math.max(EPOCHS, loss.length);
  const at = axes([0, last], [0, 140]);
  const epochs = loss.map((_, i) => i + 0.5);
  const measured = model.heldOut.map((value) => Math.min(140, -value));
  return [
    frame(at, [0, last / 2, last], [0, 20, 40, 60, 80, 100, 120, 140], words.epochs, words.nats),
    curve(at, epochs, loss, "blue"),
    curve(
      at,
      epochs,
      loss.map((value, i) => value - kl[i]),
      "green dashed",
    ),
    curve(at, epochs, kl, "orange"),
    dots(at, [...measured.keys()], measured, "small"),
    text(320, 34, words.loss, "end", "blue"),
    text(320, 50, words.reconstruction, "end", "green"),
    text(320, 66, words.kl, "end", "orange"),
    text(320, 82, words.held, "end"),
  ].join("");
}

/**
 * Held-out digits, what becomes of them, and draws from the prior.
 * @param {Train} model
 * @param {Record<string, string>} words
 */
export function pictures(model, words) {
  const { vae, gallery, testNoise, dreams } = model;
  const z = draw(encode(vae, gallery), testNoise.subarray(0, 2 * SHOWN));
  const rows = [gallery, decoded(vae, z), decoded(vae, dreams)];
  return rows
    .map(
      (values, i) =>
        text(4, 14 + i * 78, words[`row${i}`], "start") +
        row(4, 20 + i * 78, 31, 33.5, values, PIXELS),
    )
    .join("");
}

/** @type {import("../shell.js").Lab<Train>} */
export const train = {
  ranges: { z1: coordinate, z2: coordinate },
  switches: [],
  buttons: ["train", "again"],
  needs: ["digits"],
  budget: 10,
  open: (settings, packed) => new Train(settings, packed),
  panels: [
    { draw: learning },
    {
      draw: (model, words) => plane(model.q.mean, model.labels, model.decoded, words),
      handle,
    },
    { draw: pictures },
  ],
  words: {
    en: {
      name: "Lab: a VAE learns in the page",
      controls: { z1: "z₁ of the point", z2: "z₂", train: "Train", again: "Start again" },
      panels: [
        "The loss and its two terms on the training digits, and the loss on held-out ones, epoch by epoch",
        "The latent plane with the means of the held-out digits, and a point that can be dragged; beside it the digit decoded there",
        "Held-out digits, their reconstructions, and decoded draws from the prior",
      ],
      sentence: ({ step, loss, kl, log_likelihood, held_out, z1, z2 }) =>
        `Step ${fixed(step, 0)}: ${step ? `loss ${fixed(loss, 1)} = ${fixed(-log_likelihood, 1)} + KL ${fixed(kl, 1)}; ` : ""}held-out ELBO ${fixed(held_out, 1)} nats per image. The point is at (${fixed(z1, 2)}, ${fixed(z2, 2)})`,
      epochs: "epochs of 16 steps",
      nats: "nats per image",
      loss: "loss J",
      reconstruction: "−log p(x|z)",
      kl: "KL",
      held: "• held-out J",
      decoded: "at the point",
      row0: "Held-out digits",
      row1: "Decoded from a draw of q(z|x)",
      row2: "Decoded from draws of the prior",
    },
    "zh-TW": {
      name: "實驗：VAE 就在網頁裡學",
      controls: { z1: "點的 z₁", z2: "z₂", train: "訓練", again: "重新開始" },
      panels: [
        "逐個週期的損失與它的兩項，都是訓練用的數字；另有驗證影像的損失",
        "潛在平面上各張驗證影像的平均值，以及一個可以拖曳的點；旁邊是那一點解碼出來的數字",
        "驗證影像、它們的重建，以及從先驗抽樣再解碼的圖",
      ],
      sentence: ({ step, loss, kl, log_likelihood, held_out, z1, z2 }) =>
        `第 ${fixed(step, 0)} 步：${step ? `損失 ${fixed(loss, 1)} = ${fixed(-log_likelihood, 1)} + KL ${fixed(kl, 1)}；` : ""}驗證影像的 ELBO 是每張 ${fixed(held_out, 1)} nat。點在 (${fixed(z1, 2)}, ${fixed(z2, 2)})`,
      epochs: "週期（各 16 步）",
      nats: "每張影像的 nat",
      loss: "損失 J",
      reconstruction: "−log p(x|z)",
      kl: "KL",
      held: "• 驗證影像的 J",
      decoded: "這一點",
      row0: "驗證影像",
      row1: "從 q(z|x) 抽樣再解碼",
      row2: "從先驗抽樣再解碼",
    },
  },
};
