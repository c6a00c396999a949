// All labs, by their names.

import { climb } from "./labs/climb.js";

/** @type {Record<string, import("./shell.js").Lab<any>>} */
export const LABS = { climb };
