// The search page: what a result shows of its page.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; // a page opened as a file may read no other
}

document.addEventListener("DOMContentLoaded", () => {
  const ABOUT = 200; // characters

  // A short word is a whole part of a function's name: "mu" is none of "matmul".
  const findObjects = Search.performObjectSearch;
  Search.performObjectSearch = (word, words) =>
    findObjects(word, words).filter(
      ([, name]) => word.length > 3 || name.toLowerCase().split(/[._]/).includes(word),
    );

  // A result that leads to an equation says to which.
  const findAll = Search._performSearch;
  Search._performSearch = (...query) =>
    findAll(...query).map(([page, title, anchor, ...rest]) => {
      const label = /^#equation-(.*)$/.exec(anchor)?.[1];
      return [page, label ? `${title} > ${label}` : title, anchor, ...rest];
    });

  // The text of the article, or of the place in it; without the theme's buttons, without TeX's \( \).
  Search.htmlToText = (html, anchor) => {
    const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
    for (const node of article.querySelectorAll(".headerlink, .check, .eqno, script, style")) node.remove();
    const id = anchor && decodeURIComponent(anchor.slice(1));
    const place = id && article.querySelector(`[id="${CSS.escape(id)}"]`);
    return (place || article).textContent.replace(/\\[()[\]]/g, "").replace(/\s+/g, " ").trim();
  };

  // The text around the query as it was typed, or else around one of its words.
  Search.makeSearchSummary = (html, words, anchor) => {
    const text = Search.htmlToText(html, anchor);
    const query = new URLSearchParams(location.search).get("q").trim();
    const places = [query, ...words].map((word) => text.toLowerCase().indexOf(word.toLowerCase()));
    const found = places.find((place) => place >= 0) ?? 0;
    const start = Math.max(0, found - ABOUT / 3);
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent =
      (start > 0 ? "…" : "") + text.slice(start, start + ABOUT) + (start + ABOUT < text.length ? "…" : "");
    return summary;
  };
});
