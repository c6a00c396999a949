// All labs, by their names.

import { climb } from "./labs/climb.js";
import { linear } from "./labs/linear.js";
import { miss } from "./labs/miss.js";
import { noise } from "./labs/noise.js";
import { weights } from "./labs/weights.js";

/** @type {Record<string, import("./shell.js").Lab<any>>} */
export const LABS = { climb, linear, miss, noise, weights };
