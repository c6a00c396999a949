// The search page: what a result shows of its page.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; // a page opened as a file may read no other
}

addEventListener("DOMContentLoaded", () => {
  const ABOUT = 200; // characters

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
