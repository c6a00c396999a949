// Numbers as a reader meets them, and what all labs say.

/** @typedef {"en" | "zh-TW"} Language */

/**
 * @param {string} tag such as "zh-Hant-TW"
 * @returns {Language} the book's language that is nearest
 */
export function languageOf(tag) {
  return /^zh/i.test(tag) ? "zh-TW" : "en";
}

/**
 * @param {number} value
 * @param {number} decimals
 * @returns {string} with a minus that is read out as one, which a hyphen is not, and with commas
 */
export function fixed(value, decimals) {
  const [whole, rest] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const digits = rest ? `${grouped}.${rest}` : grouped;
  return value < 0 && /[1-9]/.test(digits) ? `−${digits}` : digits;
}

/**
 * @param {number} value
 * @param {number} digits how many count
 * @returns {string} without zeros at its end
 */
export function rounded(value, digits) {
  const nearest = Number(value.toPrecision(digits));
  const decimals = `${nearest}`.split(".")[1]?.length ?? 0;
  return fixed(nearest, decimals);
}
