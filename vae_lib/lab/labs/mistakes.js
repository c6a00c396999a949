// Chapter 7: mistakes switched on in the loss while a VAE learns, and the checks that catch them.

import { lossOf, violations } from "../engine/checks.js";
import { area, axes, curve, dots, frame, HEIGHT, text } from "../plot.js";
import { fixed, rounded } from "../words.js";
import { EPOCHS, pictures, Train } from "./train.js";

// Columns at right angles, so that the exact posterior is a diagonal Gaussian.
const BENCH = {
  model: {
    weight: Float64Array.of(0.5, 1, 0.5, -1, 0.5, 1, 0.5, -1),
    bias: Float64Array.of(0.3, -0.2, 0.1, 0.4),
    logVar: -0.5,
  },
  x: Float64Array.of(1.2, -0.7, 0.8, 0.1, -0.9, 0.6, 0.2, 1.5),
  q: {
    mean: Float64Array.of(0.4, -0.8, -0.3, 0.9),
    logVar: Float64Array.of(-0.6, 0.3, 0.2, -1.1),
    size: 2,
  },
};
const TOLERANCE = 1e-6; // nats; a finite difference is not exact

/** The engine's names of the mistakes, by the switches'. @type {Record<string, string>} */
const NAMES = {
  sign: "ELBO minimised",
  kl_sign: "KL sign",
  pixels: "mean over pixels",
  draw: "σ in the draw",
  kl_scale: "σ in the KL",
  squared: "squared error",
  no_noise: "no noise",
};

/** The VAE of chapter 5's lab, whose loss can be spoiled. */
class Mistakes extends Train {
  /** @type {number[]} epochs in which a switch was moved */
  changes = [];

  /** @param {import("../shell.js").Settings} settings */
  set(settings) {
    super.set(settings);
    if (this.step) this.changes.push(this.history.loss.length);
  }

  get mistakes() {
    return Object.keys(NAMES)
      .filter((name) => this.settings[name])
      .map((name) => NAMES[name]);
  }

  get checks() {
    return violations(lossOf(this.mistakes), BENCH);
  }

  numbers() {
    return { ...super.numbers(), ...this.checks };
  }
}

const [LOW, HIGH] = [-60, 140];

/** @type {(value: number) => number} */
const inside = (value) => Math.min(HIGH, Math.max(LOW, value));

/**
 * What the program calls its loss, and the loss that its model has.
 * @param {Mistakes} model
 * @param {Record<string, string>} words
 */
function learning(model, words) {
  const { loss } = model.history;
  const last = Math.max(EPOCHS, loss.length);
  const at = axes([0, last], [LOW, HIGH]);
  const finite = loss.filter(Number.isFinite).map(inside);
  const held = model.heldOut.map((value) => -value).filter(Number.isFinite);
  return [
    area(at, [0, last], [0, 0], LOW, "red"),
    frame(at, [0, last / 2, last], [-40, 0, 40, 80, 120], words.epochs, words.nats),
    ...model.changes.map((epoch) => curve(at, [epoch, epoch], [LOW, HIGH], "dashed faint")),
    curve(
      at,
      finite.map((_, i) => i + 0.5),
      finite,
      "blue",
    ),
    dots(at, [...held.keys()], held.map(inside), "small"),
    text(320, 34, words.loss, "end", "blue"),
    text(320, 50, words.held, "end"),
    text(46, HEIGHT - 44, words.impossible, "start", "red"),
  ].join("");
}

/**
 * The checks, each with the nats by which the loss misses it.
 * @param {Mistakes} model
 * @param {Record<string, any>} words
 */
function table(model, words) {
  const rows = Object.entries(model.checks).map(([name, violation], i) => {
    const holds = violation < TOLERANCE;
    const [mark, look, said] = holds
      ? ["✓", "green", words.holds]
      : ["✗", "red", `${words.misses} ${amount(violation)}`];
    const y = 50 + 32 * i;
    return [
      text(8, y, mark, "start", `mark ${look}`),
      text(28, y, words.checks[name], "start"),
      text(332, y, said, "end", look),
    ].join("");
  });
  return text(8, 18, words.table, "start") + rows.join("");
}

/** @type {(value: number) => string} */
function amount(value) {
  if (!Number.isFinite(value)) return "∞";
  return Math.abs(value) < 1000 ? fixed(value, 1) : rounded(value, 3);
}

/** @type {(numbers: Record<string, number>, checks: Record<string, string>) => string[]} */
const failed = (numbers, checks) =>
  Object.keys(checks)
    .filter((name) => !(numbers[name] < TOLERANCE))
    .map((name) => checks[name].split(/[:：]/)[0]);

const CHECKS = {
  en: {
    floor: "floor: J ≥ −log p(x)",
    posterior: "exact posterior: J = −log p(x)",
    blind: "blind decoder: J rises by KL",
    doubled: "pixels doubled: 2J − KL",
    units: "units changed: J + D log c",
    slope: "slope in log σ²: ½(Λσ² − 1)",
  },
  "zh-TW": {
    floor: "下限：J ≥ −log p(x)",
    posterior: "精確後驗：J = −log p(x)",
    blind: "看不見 z 的解碼器：J 增加 KL",
    doubled: "像素加倍：2J − KL",
    units: "更換單位：J + D log c",
    slope: "對 log σ² 的斜率：½(Λσ² − 1)",
  },
};

/** @type {import("../shell.js").Lab<Mistakes>} */
export const mistakes = {
  ranges: {},
  switches: Object.keys(NAMES),
  buttons: ["train", "again"],
  needs: ["digits"],
  budget: 10,
  open: (settings, packed) => new Mistakes(settings, packed),
  panels: [{ draw: learning }, { draw: table }, { draw: pictures }],
  words: {
    en: {
      name: "Lab: mistakes in the loss, and who notices",
      controls: {
        sign: "ELBO minimized",
        kl_sign: "KL sign",
        pixels: "mean over pixels",
        draw: "σ in the draw",
        kl_scale: "σ in the KL",
        squared: "squared error",
        no_noise: "no noise",
        train: "Train",
        again: "Start again",
      },
      panels: [
        "The loss as the program computes it and the true loss on held-out digits, epoch by epoch; below zero is impossible for a right loss",
        "Six checks of the loss on a model whose evidence is known, each holding or missed by some nats",
        "Held-out digits, their reconstructions, and decoded draws from the prior",
      ],
      sentence: (numbers) =>
        `Step ${fixed(numbers.step, 0)}: ${numbers.step ? `the program's loss is ${amount(numbers.loss)}; ` : ""}on held-out digits the ELBO is ${amount(numbers.held_out)} nats, KL ${amount(numbers.kl)}. ${failed(numbers, CHECKS.en).length ? `Red: ${failed(numbers, CHECKS.en).join(", ")}` : "All checks hold"}`,
      checks: CHECKS.en,
      table: "Checks on the linear model (nats)",
      holds: "holds",
      misses: "off by",
      impossible: "impossible for pixels 0 or 1",
      epochs: "epochs of 16 steps",
      nats: "nats per image",
      loss: "what the program calls its loss",
      held: "• held-out J = −ELBO, the true one",
      row0: "Held-out digits",
      row1: "Decoded from a draw of q(z|x)",
      row2: "Decoded from draws of the prior",
    },
    "zh-TW": {
      name: "實驗：損失裡的錯誤，誰會發現",
      controls: {
        sign: "把 ELBO 最小化",
        kl_sign: "KL 項的正負號",
        pixels: "對像素取平均",
        draw: "抽樣用錯 σ",
        kl_scale: "KL 項用錯 σ",
        squared: "平方誤差",
        no_noise: "沒有雜訊",
        train: "訓練",
        again: "重新開始",
      },
      panels: [
        "逐個週期：程式自己算的損失，以及驗證影像上真正的損失；正確的損失不可能低於零",
        "在證據已知的模型上檢查損失的六個項目，各自成立，或差了多少 nat",
        "驗證影像、它們的重建，以及從先驗抽樣再解碼的圖",
      ],
      sentence: (numbers) =>
        `第 ${fixed(numbers.step, 0)} 步：${numbers.step ? `程式說損失是 ${amount(numbers.loss)}；` : ""}驗證影像的 ELBO 是 ${amount(numbers.held_out)} nat，KL ${amount(numbers.kl)}。${failed(numbers, CHECKS["zh-TW"]).length ? `亮紅燈的檢查：${failed(numbers, CHECKS["zh-TW"]).join("、")}` : "所有檢查都成立"}`,
      checks: CHECKS["zh-TW"],
      table: "在線性模型上的檢查（nat）",
      holds: "成立",
      misses: "差",
      impossible: "像素非 0 即 1 時，不可能到這裡",
      epochs: "週期（各 16 步）",
      nats: "每張影像的 nat",
      loss: "程式所說的損失",
      held: "• 驗證影像的 J = −ELBO，真正的",
      row0: "驗證影像",
      row1: "從 q(z|x) 抽樣再解碼",
      row2: "從先驗抽樣再解碼",
    },
  },
};
