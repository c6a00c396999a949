// Multilayer perceptrons on flat arrays: rows of numbers, one row a data point. The weights lie as
// in PyTorch's `state_dict`: a layer's row i holds what its output i takes from each input.

/** @typedef {import("./random.js").Random} Random */
/** @typedef {"tanh" | "relu" | "identity"} Activation */

/**
 * @typedef {object} Layer
 * @property {Float64Array} weight one row of inputs for each output
 * @property {Float64Array} bias one number for each output
 * @property {Activation} activation what follows
 */

/**
 * @typedef {object} Backward
 * @property {Float64Array} input the gradient in the network's inputs
 * @property {Float64Array[]} weights the gradients in the order of `parameters`
 */

/** @type {Record<Activation, (value: number) => number>} */
const APPLIED = { tanh: Math.tanh, relu: (value) => (value > 0 ? value : 0), identity: (value) => value };

/** The derivatives, given what came out. @type {Record<Activation, (output: number) => number>} */
const SLOPE = {
  tanh: (output) => 1 - output * output,
  relu: (output) => (output > 0 ? 1 : 0),
  identity: () => 1,
};

/**
 * Draw a layer's weights as PyTorch's `Linear` does: even within ±1/√inputs.
 * @param {number} inputs
 * @param {number} outputs
 * @param {Activation} activation
 * @param {Random} random
 * @returns {Layer}
 */
export function layer(inputs, outputs, activation, random) {
  const draws = (/** @type {number} */ length) =>
    Float64Array.from({ length }, () => (2 * random.uniform() - 1) / Math.sqrt(inputs));
  return { weight: draws(outputs * inputs), bias: draws(outputs), activation };
}

/**
 * @param {Layer[]} network
 * @returns {Float64Array[]} all weights and biases, layer by layer
 */
export function parameters(network) {
  return network.flatMap(({ weight, bias }) => [weight, bias]);
}

/**
 * What each layer makes of the rows that it is given.
 * @param {Layer[]} network
 * @param {Float64Array} x rows of inputs
 * @returns {Float64Array[]} x itself, then the outputs of each layer
 */
export function forward(network, x) {
  const activations = [x];
  for (const one of network) activations.push(applied(one, activations[activations.length - 1]));
  return activations;
}

/**
 * @param {Layer} layer
 * @param {Float64Array} x rows of inputs
 * @returns {Float64Array} rows of outputs
 */
function applied({ weight, bias, activation }, x) {
  const outputs = bias.length;
  const inputs = weight.length / outputs;
  const rows = x.length / inputs;
  const result = new Float64Array(rows * outputs);
  const apply = APPLIED[activation];
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = bias[output];
      for (let input = 0; input < inputs; input++)
        sum += weight[output * inputs + input] * x[row * inputs + input];
      result[row * outputs + output] = apply(sum);
    }
  }
  return result;
}

/**
 * Carry the gradient of a number from the network's outputs to its weights and inputs.
 * @param {Layer[]} network
 * @param {Float64Array[]} activations what `forward` returned
 * @param {Float64Array} gradient in the outputs, of their length
 * @returns {Backward}
 */
export function backward(network, activations, gradient) {
  const weights = network.flatMap(({ weight, bias }) => [
    new Float64Array(weight.length),
    new Float64Array(bias.length),
  ]);
  for (let i = network.length - 1; i >= 0; i--) {
    const slope = SLOPE[network[i].activation];
    const outputs = activations[i + 1];
    const below = gradient.map((value, j) => value * slope(outputs[j]));
    gradient = spread(network[i].weight, below, activations[i], weights[2 * i], weights[2 * i + 1]);
  }
  return { input: gradient, weights };
}

/**
 * Add one layer's gradients in weight and bias to what is there, and return that in its inputs.
 * @param {Float64Array} weight
 * @param {Float64Array} gradient in what the layer computes before its activation
 * @param {Float64Array} x the layer's inputs
 * @param {Float64Array} inWeight
 * @param {Float64Array} inBias
 * @returns {Float64Array}
 */
function spread(weight, gradient, x, inWeight, inBias) {
  const outputs = inBias.length;
  const inputs = weight.length / outputs;
  const result = new Float64Array(x.length);
  for (let i = 0; i < gradient.length; i++) {
    const value = gradient[i];
    if (value === 0) continue;
    const place = (i % outputs) * inputs;
    const start = Math.floor(i / outputs) * inputs;
    inBias[i % outputs] += value;
    for (let input = 0; input < inputs; input++) {
      inWeight[place + input] += value * x[start + input];
      result[start + input] += value * weight[place + input];
    }
  }
  return result;
}
