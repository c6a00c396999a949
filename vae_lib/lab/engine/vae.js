// The VAE of two networks: the encoder's outputs are μ and then log σ² of q(z|x), the decoder's are
// logits (Bernoulli) or means (Gaussian, all pixels sharing one learned log σ²).

import * as gaussian from "./gaussian.js";
import { bernoulliLogProb, gaussianLogProb, sigmoid } from "./likelihoods.js";
import { forward, layer, parameters } from "./network.js";

/** @typedef {import("./gaussian.js").DiagonalGaussian} DiagonalGaussian */
/** @typedef {import("./likelihoods.js").Likelihood} Likelihood */
/** @typedef {import("./network.js").Activation} Activation */
/** @typedef {import("./network.js").Layer} Layer */
/** @typedef {import("./random.js").Random} Random */

/**
 * @typedef {object} VAE
 * @property {Layer[]} encoder from rows of D numbers to rows of 2L
 * @property {Layer[]} decoder from rows of L numbers to rows of D
 * @property {Likelihood} likelihood
 * @property {Float64Array} logVar log σ² of a Gaussian likelihood: one number
 * @property {number} dataSize D
 * @property {number} latentSize L
 */

/**
 * A VAE with fresh weights, the decoder mirroring the encoder: `vae_lib.mlp_vae`.
 * @param {number} dataSize D
 * @param {number[]} hidden sizes of the encoder's hidden layers; without one both are linear
 * @param {number} latentSize L
 * @param {Likelihood} likelihood
 * @param {Activation} activation after each hidden layer
 * @param {Random} random
 * @returns {VAE}
 */
export function makeVae(dataSize, hidden, latentSize, likelihood, activation, random) {
  const encoder = stack([dataSize, ...hidden, 2 * latentSize], activation, random);
  const decoder = stack([latentSize, ...hidden.toReversed(), dataSize], activation, random);
  return { encoder, decoder, likelihood, logVar: new Float64Array(1), dataSize, latentSize };
}

/**
 * @param {number[]} sizes
 * @param {Activation} activation
 * @param {Random} random
 * @returns {Layer[]}
 */
function stack(sizes, activation, random) {
  return sizes.slice(1).map((outputs, i) => {
    const last = i === sizes.length - 2;
    return layer(sizes[i], outputs, last ? "identity" : activation, random);
  });
}

/**
 * The VAE whose weights `vae_lib.mlp_vae(...).state_dict()` holds.
 * @param {Record<string, ArrayLike<number>>} state each entry flat, row after row
 * @param {Activation} activation after each hidden layer
 * @returns {VAE}
 */
export function fromStateDict(state, activation) {
  const dense = (/** @type {string[]} */ names, /** @type {Activation} */ after) => ({
    weight: Float64Array.from(names.flatMap((name) => Array.from(state[`${name}.weight`]))),
    bias: Float64Array.from(names.flatMap((name) => Array.from(state[`${name}.bias`]))),
    activation: after,
  });
  const body = (/** @type {string} */ start) =>
    Object.keys(state)
      .filter((name) => name.startsWith(`${start}.body.`) && name.endsWith(".weight"))
      .map((name) => dense([name.slice(0, -".weight".length)], activation));
  const likelihood = "decoder.logits.weight" in state ? "bernoulli" : "gaussian";
  const output = likelihood === "bernoulli" ? "decoder.logits" : "decoder.mean";
  return {
    encoder: [...body("encoder"), dense(["encoder.mean", "encoder.log_var"], "identity")],
    decoder: [...body("decoder"), dense([output], "identity")],
    likelihood,
    logVar: Float64Array.from(state["decoder.log_var"] ?? [0]),
    dataSize: state[`${output}.bias`].length,
    latentSize: state["encoder.mean.bias"].length,
  };
}

/**
 * @param {VAE} vae
 * @returns {Float64Array[]} what is learned: the networks' weights, and σ² if it is the model's
 */
export function learned({ encoder, decoder, likelihood, logVar }) {
  const networks = [...parameters(encoder), ...parameters(decoder)];
  return likelihood === "gaussian" ? [...networks, logVar] : networks;
}

/**
 * q(z|x) of each row.
 * @equation eq-amortised-posterior
 * @param {VAE} vae
 * @param {Float64Array} x rows of D numbers
 * @returns {DiagonalGaussian}
 */
export function encode(vae, x) {
  return posteriorOf(/** @type {Float64Array} */ (forward(vae.encoder, x).at(-1)), vae.latentSize);
}

/**
 * The encoder's outputs, taken apart.
 * @param {Float64Array} outputs rows of 2L numbers
 * @param {number} size L
 * @returns {DiagonalGaussian}
 */
export function posteriorOf(outputs, size) {
  const half = (/** @type {number} */ start) =>
    Float64Array.from(
      { length: outputs.length / 2 },
      (_, i) => outputs[Math.floor(i / size) * 2 * size + start + (i % size)],
    );
  return { mean: half(0), logVar: half(size), size };
}

/**
 * The decoder's outputs for each row: logits, or means.
 * @param {VAE} vae
 * @param {Float64Array} z rows of L numbers
 * @returns {Float64Array} rows of D numbers
 */
export function decode(vae, z) {
  return /** @type {Float64Array} */ (forward(vae.decoder, z).at(-1));
}

/**
 * What to show: the mean of p(x|z) at each row.
 * @param {VAE} vae
 * @param {Float64Array} z rows of L numbers
 * @returns {Float64Array} rows of D numbers
 */
export function picture(vae, z) {
  const outputs = decode(vae, z);
  return vae.likelihood === "bernoulli" ? outputs.map(sigmoid) : outputs;
}

/**
 * log p(x|z) of each row, in nats, from the decoder's outputs.
 * @param {VAE} vae
 * @param {Float64Array} outputs rows of D numbers
 * @param {Float64Array} x rows of D numbers
 * @returns {Float64Array} one number a row
 */
export function logLikelihood({ likelihood, logVar, dataSize }, outputs, x) {
  return likelihood === "bernoulli"
    ? bernoulliLogProb(outputs, x, dataSize)
    : gaussianLogProb(outputs, logVar[0], x, dataSize);
}

/**
 * log p(x, z) of each row, in nats.
 * @equation eq-joint
 * @param {VAE} vae
 * @param {Float64Array} x rows of D numbers
 * @param {Float64Array} z rows of L numbers
 * @returns {Float64Array} one number a row of z
 */
export function logJoint(vae, x, z) {
  const prior = gaussian.logProb(gaussian.standard(vae.latentSize), z);
  return logLikelihood(vae, decode(vae, z), x).map((value, i) => value + prior[i]);
}
