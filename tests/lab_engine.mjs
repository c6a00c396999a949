// Answers each line of JSON, {"code": ..., "values": ...}, with a line: {"answer": ...} or
// {"error": ...}. The code is an expression, or a body with a return, that sees the engine's modules
// by their names and the values as v. An array of numbers travels as the base64 of its bytes.
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const modules = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith(".js")))
  modules[file.slice(0, -3)] = await import(pathToFileURL(`${folder}/${file}`));

const read = (_key, value) =>
  value?.f64 === undefined
    ? value
    : new Float64Array(Uint8Array.from(Buffer.from(value.f64, "base64")).buffer);
const written = (_key, value) => {
  if (value instanceof Float64Array)
    return { f64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  return value;
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { code, values } = JSON.parse(line, read);
    const body = /\breturn\b/.test(code) ? code : `return (${code});`;
    answer = { answer: new Function(...Object.keys(modules), "v", body)(...Object.values(modules), values) };
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer, written)}\n`);
}
