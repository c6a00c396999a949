// What travels with the book: networks of eight bits a weight, and digits of four bits a pixel.

/** @typedef {import("./network.js").Activation} Activation */
/** @typedef {import("./network.js").Layer} Layer */
/** @typedef {import("./vae.js").VAE} VAE */

/**
 * @typedef {object} PackedVae a VAE with a Bernoulli likelihood
 * @property {number[]} encoder sizes from D to 2L
 * @property {number[]} decoder sizes from L to D
 * @property {Activation} activation after each hidden layer
 * @property {string} bytes base64: of each layer the scale of each output's weights and its bias,
 *   as float32, then the weights as whole numbers from −127 to 127
 */

/**
 * @typedef {object} PackedDigits
 * @property {number} side pixels in a row, and rows
 * @property {string} labels one character a digit
 * @property {string} bytes base64: two pixels a byte, the first one in the upper half
 */

/**
 * @typedef {object} Packed by their names
 * @property {PackedVae} [plane]
 * @property {PackedVae} [traverse]
 * @property {PackedDigits} [digits]
 * @property {PackedDigits} [samples]
 */

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * @param {PackedVae} packed
 * @returns {VAE}
 */
export function unpackVae({ encoder, decoder, activation, bytes }) {
  const view = new DataView(bytesOf(bytes).buffer);
  let place = 0;
  const floats = (/** @type {number} */ length) =>
    Float64Array.from({ length }, () => {
      place += 4;
      return view.getFloat32(place - 4, true);
    });
  const network = (/** @type {number[]} */ sizes) =>
    sizes.slice(1).map((outputs, i) => {
      const [scales, bias] = [floats(outputs), floats(outputs)];
      const weight = Float64Array.from(
        { length: outputs * sizes[i] },
        (_, j) => view.getInt8(place + j) * scales[Math.floor(j / sizes[i])],
      );
      place += weight.length;
      /** @type {Activation} */
      const after = i === sizes.length - 2 ? "identity" : activation;
      return { weight, bias, activation: after };
    });
  return {
    encoder: network(encoder),
    decoder: network(decoder),
    likelihood: "bernoulli",
    logVar: new Float64Array(1),
    dataSize: encoder[0],
    latentSize: decoder[0],
  };
}

/**
 * @param {PackedDigits} packed
 * @returns {{images: Float64Array, labels: number[], side: number}} grey values from 0 to 1
 */
export function unpackDigits({ side, labels, bytes }) {
  const pairs = bytesOf(bytes);
  const images = Float64Array.from(
    { length: 2 * pairs.length },
    (_, i) => (i % 2 === 0 ? pairs[i / 2] >> 4 : pairs[(i - 1) / 2] & 15) / 15,
  );
  return { images, labels: Array.from(labels, Number), side };
}
