// The words of a query, by the rules of search_words.py, which puts LETTERS and FUNCTIONS before
// this script.
const TOKEN = /\\[A-Za-z]+|[α-ω]|[\u3400-\u9fff]+|[0-9A-Za-z_\u00c0-\u024f]+/g;

const wordOf = (token) => {
  if (Object.hasOwn(LETTERS, token)) return LETTERS[token];
  if (token.startsWith("\\")) {
    const name = token.slice(1).replace(/^var/, "");
    return Object.values(LETTERS).includes(name) || FUNCTIONS.includes(name) ? name : "";
  }
  return token
    .replace(/^_+|_+$/g, "")
    .replace(/is(?=(?:e|ed|es|er|ers|ing|ation|ations)$)/, "iz");
};

const pairs = (run) => [...run].slice(1).map((character, place) => run[place] + character);

var splitQuery = (query) =>
  (query.toLowerCase().match(TOKEN) || [])
    .flatMap((token) => {
      if (!/^[\u3400-\u9fff]/.test(token)) return [wordOf(token)];
      return token.length > 1 ? pairs(token) : [token];
    })
    .filter((word) => word);
