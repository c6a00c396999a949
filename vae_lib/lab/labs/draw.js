// The first page: a digit that the reader draws, what the encoder makes of it, and what the decoder
// makes of that.

import { asDigit, Sheet } from "../drawing.js";
import { draw as drawFrom, klToStandard } from "../engine/gaussian.js";
import { unpackDigits, unpackVae } from "../engine/packed.js";
import { Random } from "../engine/random.js";
import { picture as decoded, encode } from "../engine/vae.js";
import { coordinate, ellipse, handle, picture, plane, row, sheet } from "../pictures.js";
import { text } from "../plot.js";
import { fixed } from "../words.js";

const SAMPLES = [2, 3, 4, 6, 7]; // digits that a button shows
const FIRST = 7; // of these, the one that stands there
const DRAWS = 5; // from q
const NEAREST = 3; // of the known digits
const GLIDE = 40; // pictures from one dream to the next
const DREAMS = 12; // and then it wakes
const SEED = 1;

/** @typedef {{z1: number, z2: number}} Settings */
/** @typedef {Required<Pick<import("../shell.js").Packed, "plane" | "digits">>} Needed */

/** The digit, q(z|x) and the point that is decoded. */
export class Draw {
  random = new Random(SEED);
  /** @type {Float64Array} */
  noise = new Float64Array(2 * DRAWS);
  sheet = new Sheet(); // nothing on it while a known digit stands there
  /** @type {Float64Array | undefined} the digit, unless the pad is empty */
  x = undefined;
  /** @type {import("../engine/gaussian.js").DiagonalGaussian} */
  q = { mean: new Float64Array(2), logVar: new Float64Array(2), size: 2 };
  /** @type {number[]} numbers of known digits */
  nearest = [];
  dreams = 0;
  shown = -1; // the last known digit that a button showed

  /**
   * @param {Settings} start
   * @param {Needed} packed
   */
  constructor(start, packed) {
    this.vae = unpackVae(packed.plane);
    this.digits = unpackDigits(packed.digits);
    this.known = encode(this.vae, this.digits.images).mean;
    this.settings = { ...start };
    this.sample(FIRST);
    this.settings = { ...start };
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    Object.assign(this.settings, settings);
  }

  /** Go to the next known digit of that kind. @param {number} label */
  sample(label) {
    const { labels, images } = this.digits;
    this.shown = labels.indexOf(label, this.shown + 1);
    if (this.shown < 0) this.shown = labels.indexOf(label);
    this.begin();
    this.see(images.subarray(this.shown * 196, (this.shown + 1) * 196));
  }

  /** Take an empty pad, and other noise. */
  begin() {
    this.sheet = new Sheet();
    this.x = undefined;
    this.nearest = [];
    this.noise = this.random.normals(2 * DRAWS);
  }

  /**
   * Follow the pen.
   * @param {number} x
   * @param {number} y
   * @param {boolean} first of a line
   */
  pen(x, y, first) {
    if (first && !this.sheet.lines.length) this.begin();
    if (this.sheet.pen(x, y, first)) this.see(asDigit(this.sheet.lines, true));
  }

  /** @param {Float64Array} x the digit from now on */
  see(x) {
    this.x = x;
    this.q = encode(this.vae, x);
    const [z1, z2] = this.q.mean;
    this.set({ z1, z2 });
    const distances = this.digits.labels.map(
      (_, i) => (this.known[2 * i] - z1) ** 2 + (this.known[2 * i + 1] - z2) ** 2,
    );
    const order = [...distances.keys()].sort((a, b) => distances[a] - distances[b]);
    this.nearest = order
      .filter((i) => i !== this.shown || this.sheet.lines.length)
      .slice(0, NEAREST);
  }

  /** The picture at the point. */
  get decoded() {
    return decoded(this.vae, Float64Array.of(this.settings.z1, this.settings.z2));
  }

  numbers() {
    const { mean, logVar } = this.q;
    return {
      ...this.settings,
      drawn: this.x !== undefined,
      mean: Array.from(mean),
      std: Array.from(logVar, (log) => Math.exp(0.5 * log)),
      kl: klToStandard(this.q)[0],
      nearest: this.nearest.map((i) => this.digits.labels[i]),
      dreams: this.dreams,
    };
  }

  /**
   * @param {string} button
   * @returns {(() => boolean) | void}
   */
  press(button) {
    if (button === "clear") this.begin();
    else if (button === "dream") return this.dream();
    else this.sample(Number(button.slice(-1)));
  }

  /** Glide from draw to draw from the prior. @returns {() => boolean} */
  dream() {
    const last = this.dreams + DREAMS;
    let step = GLIDE;
    let [from, to] = [this.settings, this.settings];
    return () => {
      if (step === GLIDE) {
        if (this.dreams === last) return false;
        step = 0;
        this.dreams++;
        from = { ...this.settings };
        to = { z1: this.random.normal(), z2: this.random.normal() };
      }
      step++;
      const part = 0.5 - 0.5 * Math.cos((Math.PI * step) / GLIDE);
      this.set({
        z1: from.z1 + part * (to.z1 - from.z1),
        z2: from.z2 + part * (to.z2 - from.z2),
      });
      return true;
    };
  }
}

const PAD = { x: 4, y: 20, side: 170 };
const [COLUMN, CELL, STEP] = [190, 44, 50]; // of the pictures beside it

/**
 * The pad, and what comes of what is in it.
 * @param {Draw} model
 * @param {Record<string, string>} words
 */
function pad(model, words) {
  const { x, vae, digits, nearest } = model;
  const empty = new Float64Array(196);
  const draws = x ? decoded(vae, drawFrom(model.q, model.noise)) : new Float64Array(5 * 196);
  const known = Float64Array.from(
    nearest.flatMap((i) => Array.from(digits.images.subarray(i * 196, (i + 1) * 196))),
  );
  return [
    text(PAD.x, 13, words.pad, "start"),
    sheet(PAD, model.sheet.lines, x),
    picture(PAD.x, 194, CELL, x ?? empty),
    text(PAD.x + CELL + 6, 220, words.seen, "start"),
    text(COLUMN, 13, words.draws, "start", "orange"),
    row(COLUMN, 20, CELL, STEP, draws.subarray(0, 3 * 196), 196),
    row(COLUMN, 70, CELL, STEP, draws.subarray(3 * 196), 196),
    text(COLUMN, 140, words.nearest, "start"),
    row(COLUMN, 146, CELL, STEP, known, 196),
  ].join("");
}

/** @type {import("../shell.js").Lab<Draw>} */
export const draw = {
  ranges: { z1: coordinate, z2: coordinate },
  switches: [],
  buttons: [...SAMPLES.map((label) => `digit${label}`), "clear", "dream", "again"],
  needs: ["plane", "digits"],
  open: (settings, packed) => new Draw(settings, packed),
  panels: [
    { draw: pad, pads: [{ ...PAD, to: (model, x, y, first) => model.pen(x, y, first) }] },
    {
      draw: (model, words) =>
        plane(model.known, model.digits.labels, model.decoded, words) +
        (model.x ? ellipse(model.q) : ""),
      handle,
    },
  ],
  words: {
    en: {
      name: "Lab: draw a digit",
      controls: {
        z1: "z₁ of the point",
        z2: "z₂",
        ...Object.fromEntries(SAMPLES.map((label) => [`digit${label}`, `a ${label}`])),
        clear: "Clear",
        dream: "Dream",
        again: "Start again",
      },
      panels: [
        "A square to draw a digit in; beside it five decoded points of the digit's ellipse, and the nearest known digits",
        "The latent plane with a thousand known digits, the drawn one as an ellipse, and a point that can be dragged; beside it the digit decoded there",
      ],
      sentence: ({ drawn, mean, std, nearest, z1, z2 }) =>
        drawn
          ? `Nearest known digits: ${nearest.join(", ")}. Your digit's ellipse has its center at (${fixed(mean[0], 2)}, ${fixed(mean[1], 2)}) and the half-axes ${fixed(std[0], 2)} and ${fixed(std[1], 2)}; the point is at (${fixed(z1, 2)}, ${fixed(z2, 2)})`
          : `The square is empty: draw a digit. The point is at (${fixed(z1, 2)}, ${fixed(z2, 2)})`,
      pad: "Draw a digit here:",
      seen: "what the encoder sees",
      draws: "Decoded from its ellipse",
      nearest: "Nearest known digits",
      decoded: "at the point",
    },
    "zh-TW": {
      name: "實驗：畫一個數字",
      controls: {
        z1: "點的 z₁",
        z2: "z₂",
        ...Object.fromEntries(SAMPLES.map((label) => [`digit${label}`, `例：${label}`])),
        clear: "擦掉",
        dream: "作夢",
        again: "重新開始",
      },
      panels: [
        "可以在裡面畫數字的方格；旁邊是從這個數字的橢圓抽出五點、解碼成的圖，以及最近的已知數字",
        "潛在平面與一千個已知的數字，你畫的數字是一個橢圓，另有一個可以拖曳的點；旁邊是那一點解碼出來的數字",
      ],
      sentence: ({ drawn, mean, std, nearest, z1, z2 }) =>
        drawn
          ? `最近的已知數字：${nearest.join("、")}。你的數字的橢圓，中心在 (${fixed(mean[0], 2)}, ${fixed(mean[1], 2)})，半軸長 ${fixed(std[0], 2)} 與 ${fixed(std[1], 2)}；點在 (${fixed(z1, 2)}, ${fixed(z2, 2)})`
          : `方格是空的，請畫一個數字。點在 (${fixed(z1, 2)}, ${fixed(z2, 2)})`,
      pad: "在這裡畫一個數字：",
      seen: "編碼器看到的",
      draws: "從橢圓抽樣再解碼",
      nearest: "最近的已知數字",
      decoded: "這一點",
    },
  },
};
