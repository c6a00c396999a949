// The search: what the words of a text are, and which places a query means, best first. SEARCH is
// the index that search.py writes.
const Search = (() => {
  const RESULTS = 20;
  const FOLDED = 0.3; // a word in a folded solution, beside one in the open
  const NAME = 2; // what a place is called, beside what it says
  const NAMES = 0.5; // all that it is called, taken together
  const UNCALLED = 0.4; // a word in no name, beside one in some
  const MOST = 0.5; // of the words that the best place has
  const KINDS = { page: 1.05, section: 1, equation: 0.8, object: 0.7 };
  const SILENT = `a all an and are as at be become becomes by can could did do does for from get gets go goes has have how i if in
    into is it its look looks me my of on or should so than that the their then there these this to trick use using
    versus vs was we what when where which who why will with would you your
    的 嗎 呢 了 吧 我 是 與 和 跟 或 很 太 就 都 會 要 用 我的 可以 可不可以 能不能 是否 是不是 應該 請問 還是 這個
    變成 變為 成為 當作 當成 為什麼 為甚麼 為何 怎麼 怎麼樣 怎樣 如何 什麼 甚麼 什麼是 是什麼 哪個 哪些 哪裡 多少 有什麼`.split(/\s+/);
  const TOKEN = /[\u3400-\u9fff]|[0-9a-z\u00c0-\u024f\u0370-\u03ff]+/g;
  const isChinese = (token) => /^[\u3400-\u9fff]/.test(token);

  // Both spellings, singular and plural, noun and verb of an English word are one.
  const stem = (token) => {
    const word = token
      .replace(/is(?=(?:e|ed|es|er|ers|ing|ation|ations)$)/, "iz")
      .replace(/(?<=..)ies$/, "y")
      .replace(/(?<=...[^su i])s$/, "");
    return word.replace(/(?<=....)(?:ation|ate|ated|ating|ing|ed|e)$/, "");
  };
  const letters = (text) =>
    text.replace(/[α-ω]/g, (letter) => ` ${SEARCH.letters[letter] ?? letter} `).replace(/\\(?:var)?/g, " ");
  const tokens = (text) =>
    (letters(text.normalize("NFKC").toLowerCase().replace(/['’]s\b/g, "")).match(TOKEN) ?? []).map((token) => [stem(token), token]);
  const key = (some) => some.map(([word]) => word).join(" ");

  // Phrases that are one word: those of one meaning are the same one, silent ones none.
  const known = new Map();
  let longest = 1;
  const learn = (phrase, word) => {
    const parts = tokens(phrase);
    if (!known.has(key(parts))) known.set(key(parts), word);
    longest = Math.max(longest, parts.length);
  };
  SEARCH.same.forEach((group, number) => {
    const old = group.map((phrase) => known.get(key(tokens(phrase)))).find((word) => word);
    for (const phrase of group) learn(phrase, old ?? `=${number}`);
  });
  for (const phrase of SILENT) learn(phrase, "");

  // Chinese is written without spaces: its words are the pairs of neighbouring characters.
  const pairs = (run) => (run.length > 1 ? run.slice(1).map((one, place) => run[place] + one) : run);

  // The words of a query or a name, each with what was typed: the longest known phrases, the rest.
  const parse = (text) => {
    const all = tokens(text), found = [];
    let run = [];
    const endRun = () => {
      found.push(...pairs(run).map((pair) => ({ word: pair, typed: pair })));
      run = [];
    };
    for (let start = 0; start < all.length; ) {
      let length = Math.min(longest, all.length - start);
      while (length && !known.has(key(all.slice(start, start + length)))) length--;
      const [word, typed] = all[start];
      if (length) {
        endRun();
        const phrase = all.slice(start, start + length);
        const joined = phrase.map((one) => one[1]).join(isChinese(typed) ? "" : " ");
        if (known.get(key(phrase))) found.push({ word: known.get(key(phrase)), typed: joined });
      } else if (isChinese(word)) run.push(word);
      else {
        endRun();
        found.push({ word, typed });
      }
      start += length || 1;
    }
    endRun();
    return found;
  };

  const SUBJECT = parse("VAE")[0].word; // beside another word it tells nothing, as a single letter does

  // All words of a text, with their numbers: also the phrases inside others.
  const count = (text) => {
    const all = tokens(text), counts = new Map();
    const add = (word) => word && counts.set(word, (counts.get(word) ?? 0) + 1);
    all.forEach(([word], start) => {
      add(word);
      if (isChinese(word) && start && isChinese(all[start - 1][0])) add(all[start - 1][0] + word);
      for (let length = 1; length <= longest && start + length <= all.length; length++)
        add(known.get(key(all.slice(start, start + length))));
    });
    return counts;
  };

  const called = (names, worth) => names.map((name) => ({ words: count(name), own: parse(name), worth }));
  let pageTitle, section;
  const places = SEARCH.places.map(([page, kind, id, title, names, text = "", folded = ""]) => {
    if (!id) pageTitle = title;
    const path = kind === "object" ? id : id ? `${pageTitle} > ${title}` : title;
    const place = {
      kind: id ? kind : "page", title: path, text, folded, href: `${SEARCH.pages[page]}.html${id && `#${id}`}`,
      names: called([path, title, ...names].filter(Boolean), 1), open: count(text), closed: count(folded),
    };
    if (kind === "section") section = place;
    if (kind === "equation") section.names.push(...called(names, KINDS.equation)); // it stands there
    return place;
  });
  const sections = places.filter(({ kind }) => kind === "section" || kind === "page");
  const length = ({ open }) => [...open.values()].reduce((sum, one) => sum + one, 0);
  const usual = sections.reduce((sum, one) => sum + length(one), 0) / sections.length;

  // How much a word tells: more if few places have it, less if no place is called by it.
  const spread = new Map(), calling = new Set();
  for (const { names, open, closed } of places) {
    const inNames = names.flatMap(({ words }) => [...words.keys()]);
    for (const word of inNames) calling.add(word);
    for (const word of new Set([...inNames, ...open.keys(), ...closed.keys()]))
      spread.set(word, (spread.get(word) ?? 0) + 1);
  }
  const weight = (word) =>
    Math.log(1 + places.length / spread.get(word)) * (calling.has(word) ? 1 : UNCALLED);
  const total = (words) => words.reduce((sum, word) => sum + weight(word), 0);

  // A word that the book does not know is perhaps two, or one with a letter wrong.
  const nearest = (word) => {
    if (spread.has(word) || word.length < 5 || word.length > 30 || isChinese(word)) return [word];
    for (let cut = 3; cut <= word.length - 3; cut++) {
      const halves = [word.slice(0, cut), word.slice(cut)].map(stem);
      if (halves.every((half) => spread.has(half))) return parse(halves.join(" ")).map((one) => one.word);
    }
    return [[...spread.keys()].find((other) => isOneOff(word, other)) ?? word];
  };
  const isOneOff = (one, other) => {
    if (Math.abs(one.length - other.length) > 1) return false;
    let start = 0, end = 0;
    const least = Math.min(one.length, other.length);
    while (start < least && one[start] === other[start]) start++;
    while (end < least - start && one.at(-1 - end) === other.at(-1 - end)) end++;
    const [left, right] = [one, other].map((word) => word.slice(start, word.length - end));
    return left.length + right.length <= 2 || (left.length === 2 && left === [...right].reverse().join(""));
  };

  // How well a place answers: what it is called, by its best name and by all of them; what it says.
  const judge = (place, query) => {
    const all = total(query);
    const named = query.filter((word) => place.names.some(({ words }) => words.has(word)));
    const best = Math.max(
      ...place.names.map(({ words, own, worth }) => {
        const met = total(query.filter((word) => words.has(word)));
        return met && (worth * met) / Math.sqrt(all * Math.max(met, total(own.map(({ word }) => word))));
      }),
    );
    const size = 0.3 + (0.7 * length(place)) / usual;
    let said = 0;
    for (const word of query) {
      const times = (place.open.get(word) ?? 0) + FOLDED * (place.closed.get(word) ?? 0);
      said += (weight(word) * times) / (times + size) / all;
    }
    const met = total(query.filter((word) => named.includes(word) || place.open.has(word) || place.closed.has(word)));
    const share = met / all;
    const score = KINDS[place.kind] * share * (NAME * best + NAMES * total(named) / all + said);
    return { ...place, share, score };
  };

  // The places that a query means, best first: those with most of its words.
  const find = (text) => {
    const words = [...new Set(parse(text).flatMap(({ word }) => nearest(word)))].filter((word) => spread.has(word));
    const telling = words.filter((word) => word !== SUBJECT && !/^[a-z]$/.test(word));
    const judged = places.map((place) => judge(place, telling.length ? telling : words));
    const most = Math.max(...judged.map(({ share }) => share));
    return judged
      .filter(({ share }) => share && share >= MOST * most)
      .sort((one, other) => other.score - one.score)
      .slice(0, RESULTS);
  };
  return { find, parse };
})();
