// Sets formulas: reads a line of JSON for each, {"tex": ..., "display": ...}, and answers with a
// line, {"html": ...} or {"error": ...}. Started by formulas.py with the folder of KaTeX's package.
const katex = require(process.argv[2]);
// No line ends at the bar of p(x | z); one may end between two formulas.
const MACROS = {
  "\\mid": "\\mathrel{\u2223}\\nobreak ",
  "\\quad": "\\hspace{1em}\\allowbreak ",
  "\\qquad": "\\hspace{2em}\\allowbreak ",
};

// Chinese and Greek letters inside \text are meant; all else that TeX would not take is an error.
const MEANT = ["unicodeTextInMathMode", "unknownSymbol", "symbolNotInFont"];
const strict = (kind) => (MEANT.includes(kind) ? "ignore" : "error");

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { tex, display } = JSON.parse(line);
    let answer;
    try {
      answer = { html: katex.renderToString(tex, { displayMode: display, strict, macros: { ...MACROS } }) };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  });
