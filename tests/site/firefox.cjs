// Playwright sends each new context a command that Firefox 153 does not know, on colours that a page
// may prefer, and no test needs its answer. In its place goes one that every Firefox knows.
const { stringify } = JSON;
const SUBSTITUTE = { method: "session.status", params: {} };

JSON.stringify = (value, ...rest) =>
  value?.method === "emulation.setMediaFeaturesOverride"
    ? stringify({ ...value, ...SUBSTITUTE })
    : stringify(value, ...rest);
