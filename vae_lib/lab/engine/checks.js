// Chapter 7's checks of a loss: by how many nats it misses identities on a linear model whose evidence
// is known. As `CHECKS` in `vae_lib.lessons.wrong_losses`.

import { draw, klToStandard, standard } from "./gaussian.js";
import { gaussianLogProb } from "./likelihoods.js";
import { decodeLinear, logEvidence, posterior, sigmaPoints } from "./linear.js";
import { terms } from "./objectives.js";
import { ruleOf } from "./wrong_losses.js";

/** @typedef {import("./gaussian.js").DiagonalGaussian} DiagonalGaussian */
/** @typedef {import("./linear.js").Linear} Linear */
/** @typedef {(model: Linear, x: Float64Array, q: DiagonalGaussian) => Float64Array} Loss one a row */

/**
 * @typedef {object} Bench
 * @property {Linear} model whose W has orthogonal columns
 * @property {Float64Array} x B rows of D numbers
 * @property {DiagonalGaussian} q some other one over each row
 */

const UNITS = 10; // how many times smaller
const STEP = 1e-4; // of the finite difference

/**
 * The loss of each data point once mistakes are made; exact for a right one.
 * @equation eq-loss
 * @param {string[]} mistakes some of `MISTAKES`, or "no noise": z = μ
 * @returns {Loss}
 */
export function lossOf(mistakes) {
  const noiseless = mistakes.includes("no noise");
  const named = mistakes.filter((name) => name !== "no noise");
  return (model, x, q) => {
    const size = model.bias.length;
    const rule = ruleOf(named, size);
    const points = sigmaPoints(q.size, q.mean.length / q.size);
    const noise = noiseless ? points.fill(0) : points;
    const drawn = { ...q, logVar: q.logVar.map((log) => 2 * rule.drawScale * log) };
    const outputs = decodeLinear(model, draw(drawn, noise));
    const kl = klToStandard({ ...q, logVar: q.logVar.map((log) => rule.klScale * log) });
    const each = rule.squaredError
      ? errors(outputs, x, size).map((error) => -error)
      : gaussianLogProb(outputs, model.logVar, x, size);
    return terms(each, kl).logLikelihood.map(
      (value, row) => rule.sign * (rule.klWeight * kl[row] - rule.likelihoodWeight * value),
    );
  };
}

/**
 * @param {Float64Array} outputs rows of D numbers
 * @param {Float64Array} x rows of D numbers
 * @param {number} size D
 * @returns {Float64Array} the squared error of each row
 */
function errors(outputs, x, size) {
  const rows = new Float64Array(outputs.length / size);
  for (const [i, output] of outputs.entries())
    rows[Math.floor(i / size)] += (x[i % x.length] - output) ** 2;
  return rows;
}

/**
 * By how many nats a loss misses each identity: zero, up to rounding, if it is right.
 * @equation eq-loss-floor, eq-blind-decoder, eq-doubling, eq-rescaling, eq-slope
 * @param {Loss} loss
 * @param {Bench} bench
 * @returns {Record<string, number>}
 */
export function violations(loss, { model, x, q }) {
  const { weight, bias, logVar } = model;
  const [data, kl] = [bias.length, klToStandard(q)];
  const evidence = logEvidence(model, x);
  const exact = posterior(model, x);
  const variances = q.mean.subarray(0, q.size).map((_, j) => exact.covariance[j * (q.size + 1)]);
  const best = { mean: exact.mean, logVar: variances.map(Math.log), size: q.size };
  const value = loss(model, x, q);

  const blind = { weight: new Float64Array(weight.length), bias, logVar };
  const prior = { ...standard(q.size), mean: new Float64Array(q.mean.length) };
  const unheard = loss(blind, x, prior);
  const twice = { weight: repeated(weight, weight.length), bias: repeated(bias, data), logVar };
  const larger = {
    weight: weight.map((one) => UNITS * one),
    bias: bias.map((one) => UNITS * one),
    logVar: logVar + 2 * Math.log(UNITS),
  };
  const inUnits = loss(
    larger,
    x.map((one) => UNITS * one),
    q,
  );

  const slopes = Array.from({ length: q.size }, (_, j) => {
    const [up, down] = [STEP, -STEP].map((step) =>
      loss(model, x, {
        ...q,
        logVar: q.logVar.map((log, i) => log + (i % q.size === j ? step : 0)),
      }),
    );
    return up.map((one, row) => {
      const variance = Math.exp(q.logVar[(row * q.size + j) % q.logVar.length]);
      const expected = 0.5 * (variance / variances[j] - 1);
      return (one - down[row]) / (2 * STEP) - expected;
    });
  });

  return {
    floor: largest(value.map((one, row) => Math.max(0, -evidence[row] - one))),
    posterior: largest(loss(model, x, best).map((one, row) => one + evidence[row])),
    blind: largest(loss(blind, x, q).map((one, row) => one - unheard[row] - kl[row])),
    doubled: largest(
      loss(twice, repeated(x, data), q).map((one, row) => one - 2 * value[row] + kl[row]),
    ),
    units: largest(inUnits.map((one, row) => one - value[row] - data * Math.log(UNITS))),
    slope: Math.max(...slopes.map(largest)),
  };
}

/**
 * @param {Float64Array} rows
 * @param {number} size of a row
 * @returns {Float64Array} each row twice, one behind the other
 */
function repeated(rows, size) {
  return Float64Array.from(
    { length: 2 * rows.length },
    (_, i) => rows[Math.floor(i / (2 * size)) * size + (i % size)],
  );
}

/** @param {Float64Array} values */
function largest(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
