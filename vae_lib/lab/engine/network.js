// Multilayer perceptrons on flat arrays: rows of numbers, one row a data point. The weights lie as
// in PyTorch's `state_dict`: a layer's row i holds what its output i takes from each input.

import { addProduct, transposed } from "./matrices.js";

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
 * @property {() => Float64Array} input the gradient in the network's inputs, computed when asked for
 * @property {Float64Array[]} weights the gradients in the order of `parameters`
 */

/** @type {Record<Activation, (value: number) => number>} */
const APPLIED = {
  tanh: Math.tanh,
  relu: (value) => Math.max(value, 0),
  identity: (value) => value,
};

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
  const inputs = weight.length / bias.length;
  const result = new Float64Array((x.length / inputs) * bias.length);
  for (let start = 0; start < result.length; start += bias.length) result.set(bias, start);
  return addProduct(result, x, transposed(weight, inputs), inputs).map(APPLIED[activation]);
}

/**
 * Carry the gradient of a number from the network's outputs to its weights and inputs.
 * @param {Layer[]} network
 * @param {Float64Array[]} activations what `forward` returned
 * @param {Float64Array} gradient in the outputs, of their length
 * @returns {Backward}
 */
export function backward(network, activations, gradient) {
  /** @type {Float64Array[]} */
  const weights = [];
  let input = () => gradient;
  for (let i = network.length - 1; i >= 0; i--) {
    const { weight, bias, activation } = network[i];
    const slope = SLOPE[activation];
    const below = input().map((value, j) => value * slope(activations[i + 1][j]));
    const inBias = new Float64Array(bias.length);
    for (let j = 0; j < below.length; j++) inBias[j % bias.length] += below[j];
    const columns = transposed(below, bias.length);
    const inWeight = new Float64Array(weight.length);
    addProduct(inWeight, columns, activations[i], below.length / bias.length);
    weights.unshift(inWeight, inBias);
    input = () => addProduct(new Float64Array(activations[i].length), below, weight, bias.length);
  }
  return { input, weights };
}
