// One step of training, and a loop of steps that leaves the page time to breathe.

import { lossGradient } from "./objectives.js";

/** @typedef {import("./adam.js").Adam} Adam */
/** @typedef {import("./objectives.js").Rule} Rule */
/** @typedef {import("./objectives.js").Terms} Terms */
/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./vae.js").VAE} VAE */

/**
 * One step of the optimizer on one batch.
 * @equation eq-gradient-step
 * @param {VAE} vae whose weights the optimizer has
 * @param {Adam} optimizer
 * @param {Float64Array} x B rows of D numbers
 * @param {Float64Array} noise ε, S times B rows of L numbers
 * @param {Readonly<Rule>} [rule] how the loss is put together
 * @returns {{loss: number, terms: Terms}} before the step
 */
export function trainingStep(vae, optimizer, x, noise, rule) {
  const { loss, terms, gradient } = lossGradient(vae, x, noise, rule);
  optimizer.step(gradient);
  return { loss, terms };
}

/**
 * Draw each pixel: 1 with its grey value as probability.
 * @param {Float64Array} images values in [0, 1]
 * @param {Random} random
 * @returns {Float64Array} zeros and ones
 */
export function binarise(images, random) {
  return images.map((grey) => (random.uniform() < grey ? 1 : 0));
}

/**
 * @param {Float64Array} rows
 * @param {number} size of a row
 * @param {number[]} chosen numbers of rows
 * @returns {Float64Array} these rows, one after the other
 */
export function take(rows, size, chosen) {
  const taken = new Float64Array(chosen.length * size);
  for (const [i, row] of chosen.entries())
    taken.set(rows.subarray(row * size, (row + 1) * size), i * size);
  return taken;
}

/**
 * Numbers of rows, batch by batch, without end: each epoch has an order of its own.
 * @param {number} count how many rows there are
 * @param {number} batchSize the last batch of an epoch may be smaller
 * @param {Random} random
 * @returns {Generator<number[], never, void>}
 */
export function* batches(count, batchSize, random) {
  for (;;) {
    const order = random.permutation(count);
    for (let start = 0; start < count; start += batchSize)
      yield order.slice(start, start + batchSize);
  }
}

/**
 * @typedef {object} Host where a loop runs: a page, or a test
 * @property {(callback: () => void) => number} schedule calls back before the next picture
 * @property {(handle: number) => void} cancel
 * @property {() => number} now milliseconds
 */

/** @returns {Host} the page: animation frames */
export function page() {
  return {
    schedule: (callback) => requestAnimationFrame(callback),
    cancel: (handle) => cancelAnimationFrame(handle),
    now: () => performance.now(),
  };
}

/** Steps, as many before each picture as fit into its time. */
export class Loop {
  /** @type {number | undefined} what is scheduled; nothing while the loop pauses */
  #handle = undefined;

  /**
   * @param {() => boolean | void} step does one step; false ends the loop
   * @param {(steps: number) => void} draw called once a picture with the number of steps so far
   * @param {{budget?: number, host?: Host}} [settings] milliseconds of steps before each picture
   */
  constructor(step, draw, { budget = 10, host = page() } = {}) {
    this.step = step;
    this.draw = draw;
    this.budget = budget;
    this.host = host;
    this.steps = 0;
    this.finished = false;
  }

  get running() {
    return this.#handle !== undefined;
  }

  start() {
    if (!this.running && !this.finished) this.#next();
  }

  pause() {
    if (this.#handle !== undefined) this.host.cancel(this.#handle);
    this.#handle = undefined;
  }

  #next() {
    this.#handle = this.host.schedule(() => this.#frame());
  }

  #frame() {
    const end = this.host.now() + this.budget;
    do {
      this.finished = this.step() === false;
      this.steps++;
    } while (!this.finished && this.running && this.host.now() < end);
    this.draw(this.steps);
    if (this.finished) this.#handle = undefined;
    else if (this.running) this.#next();
  }
}
