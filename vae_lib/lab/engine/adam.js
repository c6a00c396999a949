// torch.optim.AdamW, of which torch.optim.Adam is the case without decay.

/** Adam's averages for some arrays of numbers, which it changes in place. */
export class Adam {
  /**
   * @param {Float64Array[]} parameters
   * @param {{learningRate?: number, betas?: [number, number], epsilon?: number, weightDecay?: number}} [settings]
   *   the defaults are those of torch.optim.Adam
   */
  constructor(
    parameters,
    { learningRate = 1e-3, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 } = {},
  ) {
    this.parameters = parameters;
    this.learningRate = learningRate;
    this.betas = betas;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    this.steps = 0;
    this.first = parameters.map((values) => new Float64Array(values.length));
    this.second = parameters.map((values) => new Float64Array(values.length));
  }

  /**
   * Take one step against the gradient.
   * @param {Float64Array[]} gradient one array for each of the parameters
   */
  step(gradient) {
    this.steps++;
    const [beta1, beta2] = this.betas;
    const rate = this.learningRate / (1 - beta1 ** this.steps);
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    const decay = 1 - this.learningRate * this.weightDecay;
    for (const [index, values] of this.parameters.entries()) {
      const [slopes, first, second] = [gradient[index], this.first[index], this.second[index]];
      for (let i = 0; i < values.length; i++) {
        first[i] += (1 - beta1) * (slopes[i] - first[i]);
        second[i] += (1 - beta2) * (slopes[i] * slopes[i] - second[i]);
        const scale = Math.sqrt(second[i]) / correction + this.epsilon;
        values[i] = decay * values[i] - (rate * first[i]) / scale;
      }
    }
  }
}
