// The search page: the query of its address, and what search.js finds.
{
  const ABOUT = 200; // characters of a result's text

  // The text around the query as it was typed, or else around one of its words.
  const textAround = ({ text, folded }, query, words) => {
    const whole = `${text} ${folded}`;
    const places = [query, ...words].map((word) => whole.toLowerCase().indexOf(word.toLowerCase()));
    const found = places.find((place) => place >= 0) ?? 0;
    const start = Math.max(0, found - ABOUT / 3);
    const end = start + ABOUT;
    return (start > 0 ? "…" : "") + whole.slice(start, end).trim() + (end < whole.length ? "…" : "");
  };

  const element = (name, className, text) =>
    Object.assign(document.createElement(name), { className, textContent: text });

  const show = (query) => {
    const found = Search.find(query);
    const words = Search.parse(query).map(({ typed }) => typed);
    localStorage.setItem("sphinx_highlight_terms", words.join(" ")); // marked on the page gone to
    const list = element("ul", "search", "");
    for (const place of found) {
      const item = list.appendChild(element("li", "", ""));
      item.appendChild(element("a", "", place.title)).href = place.href;
      if (place.text) item.appendChild(element("p", "context", textAround(place, query, words)));
    }
    const summary = found.length
      ? _("Search finished, found ${resultCount} page(s) matching the search query.").replace("${resultCount}", found.length)
      : _("Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.");
    const results = document.getElementById("search-results");
    results.append(element("h2", "", _("Search Results")), element("p", "search-summary", summary), list);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const query = new URLSearchParams(location.search).get("q") ?? "";
    for (const field of document.querySelectorAll('input[name="q"]')) field.value = query;
    if (query) show(query.trim());
  });
}
