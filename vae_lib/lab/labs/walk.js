// Chapter 5: a walk through ten latent coordinates, from one digit of the reader's to another, and
// along one coordinate alone.

import { asDigit, Sheet } from "../drawing.js";
import { klToStandard } from "../engine/gaussian.js";
import { elbo } from "../engine/objectives.js";
import { unpackDigits, unpackVae } from "../engine/packed.js";
import { Random } from "../engine/random.js";
import { binarise, take } from "../engine/training.js";
import { picture as decoded, encode } from "../engine/vae.js";
import { coordinate, picture, row, sheet } from "../pictures.js";
import { box, text } from "../plot.js";
import { fixed } from "../words.js";
import { mean } from "./train.js";

const PIXELS = 784;
const FIRST = [2, 5]; // the samples that stand there
const COPIES = 10; // of a picture, each with other pixels 0 or 1, whose mean ELBO is shown
const SEED = 7; // of these pixels; the noise has the next one
const PACE = 1 / 120; // of the way, a picture
const STOPS = [0, 1, 2, 3, 4, 5, 6]; // pictures in a row

/** @typedef {{t: number, rank: number, value: number}} Settings */
/** @typedef {Required<Pick<import("../shell.js").Packed, "traverse" | "samples">>} Needed */

/** A point on the straight line. @type {(from: Float64Array, to: Float64Array, t: number) => Float64Array} */
const between = (from, to, t) => from.map((one, i) => (1 - t) * one + t * to[i]);

/** A digit at one end of the way: a sample, or what the reader draws. */
class End {
  sheet = new Sheet();
  /**
   * @param {Walk} walk
   * @param {number} sample its number
   */
  constructor({ vae, samples }, sample) {
    this.vae = vae;
    this.label = samples.labels[sample];
    /** @type {Float64Array} */
    this.x = samples.images.slice(sample * PIXELS, (sample + 1) * PIXELS);
    this.q = encode(vae, this.x);
    this.sample = sample;
  }

  /** @type {(x: number, y: number, first: boolean) => void} */
  pen(x, y, first) {
    if (!this.sheet.pen(x, y, first)) return;
    this.label = -1;
    this.x = asDigit(this.sheet.lines);
    this.q = encode(this.vae, this.x);
  }
}

/** Two digits, the way between their codes, and a coordinate. */
export class Walk {
  /**
   * @param {Settings} start
   * @param {Needed} packed
   */
  constructor(start, packed) {
    this.settings = { ...start };
    this.vae = unpackVae(packed.traverse);
    this.samples = unpackDigits(packed.samples);
    this.ends = FIRST.map((sample) => new End(this, sample));
    const size = this.vae.latentSize;
    this.noise = new Random(SEED + 1).normals(COPIES * size);
    this.kl = new Float64Array(size); // of each coordinate, over the samples
    const { labels, images } = this.samples;
    for (const [i, kl] of klToStandard({ ...encode(this.vae, images), size: 1 }).entries())
      this.kl[i % size] += kl / labels.length;
    this.ranking = [...this.kl.keys()].sort((a, b) => this.kl[b] - this.kl[a]);
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    Object.assign(this.settings, settings);
    this.settings.rank = Math.round(this.settings.rank);
  }

  /** The code on the way, at a part of it. */
  code(t = this.settings.t) {
    return between(this.ends[0].q.mean, this.ends[1].q.mean, t);
  }

  /** The code here, but for one coordinate. */
  changed(value = this.settings.value) {
    return this.code().with(this.ranking[this.settings.rank - 1], value);
  }

  /** What is decoded from codes. @param {Float64Array[]} codes */
  pictures(...codes) {
    return decoded(this.vae, Float64Array.from(codes.flatMap((code) => [...code])));
  }

  /** The pixels, mixed. */
  get mixture() {
    return between(this.ends[0].x, this.ends[1].x, this.settings.t);
  }

  /** How well the model knows a picture. @param {Float64Array} grey */
  elbo(grey) {
    const copies = take(grey, PIXELS, new Array(COPIES).fill(0));
    return mean(elbo(this.vae, binarise(copies, new Random(SEED)), this.noise).value);
  }

  numbers() {
    const chosen = this.ranking[this.settings.rank - 1];
    return {
      ...this.settings,
      labels: this.ends.map(({ label }) => label),
      kl: this.ends.map(({ q }) => klToStandard(q)[0]),
      elbo_decoded: this.elbo(this.pictures(this.code())),
      elbo_mixed: this.elbo(this.mixture),
      kl_rank: this.kl[chosen],
      here: this.code()[chosen],
    };
  }

  /**
   * @param {string} button
   * @returns {(() => boolean) | void}
   */
  press(button) {
    const end = ["first", "second"].indexOf(button);
    if (end >= 0) {
      const next = (this.ends[end].sample + 1) % this.samples.labels.length;
      this.ends[end] = new End(this, next);
      return;
    }
    if (this.settings.t === 1) this.set({ t: 0 });
    return () => {
      this.set({ t: Math.min(1, this.settings.t + PACE) });
      return this.settings.t < 1;
    };
  }
}

const PADS = [4, 174].map((x) => ({ x, y: 20, side: 162 }));
const LARGE = 140;
const [SMALL, STEP, ROW] = [44, 48, 184];

/** @type {(model: Walk, words: Record<string, string>) => string} */
function pads({ ends }, words) {
  const each = ends.map(({ sheet: { lines }, x, q }, i) => [
    text(PADS[i].x, 13, words[`pad${i}`], "start"),
    sheet(PADS[i], lines, x),
    picture(PADS[i].x, 192, SMALL, x),
    text(PADS[i].x + SMALL + 6, 210, words.seen, "start"),
    text(PADS[i].x + SMALL + 6, 226, `KL ${fixed(klToStandard(q)[0], 1)} ${words.nats}`, "start"),
  ]);
  return each.flat().join("");
}

/**
 * Seven pictures, and a mark at a part of their row.
 * @param {Walk} model
 * @param {(part: number) => Float64Array} code
 * @param {number} part
 */
function strip(model, code, part) {
  const codes = STOPS.map((stop) => code(stop / (STOPS.length - 1)));
  const mark = 4 + SMALL / 2 + Math.min(1, Math.max(0, part)) * STEP * (STOPS.length - 1);
  return [
    row(4, ROW, SMALL, STEP, model.pictures(...codes), PIXELS),
    text(mark, ROW + SMALL + 11, "▲", "middle", "blue"),
  ].join("");
}

/** @type {(model: Walk, words: Record<string, string>) => string} */
function way(model, words) {
  return [
    text(4, 13, words.decoded, "start", "blue"),
    picture(4, 20, LARGE, model.pictures(model.code())),
    text(174, 13, words.mixed, "start"),
    picture(174, 20, LARGE, model.mixture),
    text(4, ROW - 7, words.way, "start"),
    strip(model, (t) => model.code(t), model.settings.t),
  ].join("");
}

/** @type {(model: Walk, words: Record<string, string>) => string} */
function alone(model, words) {
  const { ranking, kl, settings } = model;
  const at = {
    x: (/** @type {number} */ i) => 174 + (i / ranking.length) * LARGE,
    y: (/** @type {number} */ nats) => 20 + LARGE * (1 - nats / kl[ranking[0]]),
    inX: Number,
    inY: Number,
  };
  const bars = ranking.map((one, i) =>
    box(at, [i, i + 0.8], [0, kl[one]], i === settings.rank - 1 ? "blue" : "blue faint"),
  );
  return [
    text(4, 13, words.changed, "start", "blue"),
    picture(4, 20, LARGE, model.pictures(model.changed())),
    text(174, 13, words.average, "start"),
    ...bars,
    text(4, ROW - 7, words.values, "start"),
    strip(model, (part) => model.changed(6 * part - 3), (settings.value + 3) / 6),
  ].join("");
}

/**
 * What an end is called.
 * @param {string} own
 * @param {string} article
 * @returns {(label: number) => string}
 */
const named = (own, article) => (label) => (label < 0 ? own : `${article}${label}`);

/** @type {import("../shell.js").Lab<Walk>} */
export const walk = {
  ranges: {
    t: { min: 0, max: 1, step: 0.01, say: (value) => fixed(value, 2) },
    rank: { min: 1, max: 10, step: 1, say: (value) => fixed(value, 0) },
    value: coordinate,
  },
  switches: [],
  buttons: ["first", "second", "walk", "again"],
  needs: ["traverse", "samples"],
  open: (settings, packed) => new Walk(settings, packed),
  panels: [
    {
      draw: pads,
      pads: PADS.map((pad, i) => ({
        ...pad,
        to: (model, x, y, first) => model.ends[i].pen(x, y, first),
      })),
    },
    { draw: way },
    { draw: alone },
  ],
  words: {
    en: {
      name: "Lab: from one of your digits to another",
      controls: {
        t: "t, from first (0) to second (1)",
        rank: "coordinate's rank by KL",
        value: "its value",
        first: "Next first digit",
        second: "Next second digit",
        walk: "Walk",
        again: "Start again",
      },
      panels: [
        "Two squares to draw a digit in each; below each what the encoder sees, and the KL of its q",
        "The picture decoded between the two codes, the mixture of the pixels at the same place, and seven decoded pictures on the way",
        "The same code with one coordinate changed, decoded; the average KL of each coordinate; and seven pictures, the coordinate from −3 to 3",
      ],
      sentence: ({ t, labels, kl, elbo_decoded, elbo_mixed, rank, value, kl_rank, here }) => {
        const [first, second] = labels.map(named("your digit", "a "));
        return `From ${first} to ${second} (KL ${fixed(kl[0], 1)} and ${fixed(kl[1], 1)}), t = ${fixed(t, 2)}: ELBO ${fixed(elbo_decoded, 0)} nats decoded, ${fixed(elbo_mixed, 0)} mixed. Coordinate ${fixed(rank, 0)} (KL ${fixed(kl_rank, 2)} on average): ${fixed(here, 2)}, set to ${fixed(value, 2)}`;
      },
      pad0: "First: draw a digit here",
      pad1: "Second: and one here",
      seen: "as encoded",
      nats: "nats",
      decoded: "Decoded at t",
      mixed: "Pixels mixed at t",
      way: "Decoded on the way, t from 0 to 1",
      changed: "One coordinate changed",
      average: "Average KL by rank",
      values: "The same, its value from −3 to 3",
    },
    "zh-TW": {
      name: "實驗：從你的一個數字走到另一個",
      controls: {
        t: "t，從第一個數字（0）到第二個（1）",
        rank: "座標的排名（依 KL）",
        value: "它的值",
        first: "換第一個數字",
        second: "換第二個數字",
        walk: "走過去",
        again: "重新開始",
      },
      panels: [
        "兩個方格，各可以畫一個數字；底下是編碼器看到的，以及 q 的 KL",
        "兩個編碼之間解碼出來的圖、同一處的像素混合，以及沿途解碼的七張圖",
        "同一個編碼改變一個座標之後解碼的圖、各個座標的平均 KL，以及那個座標從 −3 到 3 的七張圖",
      ],
      sentence: ({ t, labels, kl, elbo_decoded, elbo_mixed, rank, value, kl_rank, here }) => {
        const [first, second] = labels.map(named("你的數字", " "));
        return `從${first}${labels[0] < 0 ? "" : " "}到${second}（KL ${fixed(kl[0], 1)}、${fixed(kl[1], 1)}），t = ${fixed(t, 2)}：ELBO ${fixed(elbo_decoded, 0)} nat（解碼）、${fixed(elbo_mixed, 0)} nat（混合）。座標 ${fixed(rank, 0)}（平均 KL ${fixed(kl_rank, 2)}）：${fixed(here, 2)}，改成 ${fixed(value, 2)}`;
      },
      pad0: "第一個：在這裡畫一個數字",
      pad1: "第二個：這裡也畫一個",
      seen: "編碼器看到的",
      nats: "nat",
      decoded: "t 處解碼出來的",
      mixed: "t 處的像素混合",
      way: "沿途解碼，t 從 0 到 1",
      changed: "改變一個座標",
      average: "各排名的平均 KL",
      values: "同上，值從 −3 到 3",
    },
  },
};
