// JSON whose numbers keep the text they were written with. An amount has up to 28 digits, a double about 16, so a
// number never becomes one: every number of a response is a string here, and a count is read with `count`.

// A string comes first, so that digits inside of one are left alone.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

// Returns the value of a JSON text, every number as a string of its source. Throws SyntaxError.
export function parseExact(text) {
  // Checked before the rewriting, which could turn a wrong text into a right one.
  JSON.parse(text);
  return JSON.parse(text.replace(TOKEN, (token) => (token[0] === '"' ? token : `"${token}"`)));
}

// A count of a response. Counts are far below 2^53.
export function count(source) {
  return Number(source ?? 0);
}
