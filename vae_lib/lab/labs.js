// All labs, by their names.

import { climb } from "./labs/climb.js";
import { draw } from "./labs/draw.js";
import { linear } from "./labs/linear.js";
import { miss } from "./labs/miss.js";
import { mistakes } from "./labs/mistakes.js";
import { noise } from "./labs/noise.js";
import { train } from "./labs/train.js";
import { walk } from "./labs/walk.js";
import { weights } from "./labs/weights.js";

/** @type {Record<string, import("./shell.js").Lab<any>>} */
export const LABS = { climb, draw, linear, miss, mistakes, noise, train, walk, weights };
