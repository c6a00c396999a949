// Draws labs as they start: reads {"name", "language", "start", "id"} and answers with their HTML.

import { readFileSync } from "node:fs";
import { LABS } from "../../../vae_lib/lab/labs.js";
import { markup } from "../../../vae_lib/lab/shell.js";
import { languageOf } from "../../../vae_lib/lab/words.js";

const { name, language, start, id } = JSON.parse(readFileSync(0, "utf8"));
const lab = LABS[name];
for (const one of lab.needs ?? []) await import(`../../../vae_lib/lab/packed/${one}.js`);
process.stdout.write(markup(lab, languageOf(language), start, id, globalThis.vaeLab));
