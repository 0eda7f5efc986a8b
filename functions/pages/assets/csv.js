// CSV by RFC 4180, and what banks make of it: a comma, a semicolon or a tab between fields, a byte order mark, any
// line ending, and other encodings than UTF-8.

const DELIMITERS = [",", ";", "\t"];
const SAMPLE_CHARACTERS = 20_000;
const SAMPLE_RECORDS = 20;

// The text of a file's bytes. Banks of before UTF-8 write Windows-1252, which every byte sequence is.
export function decode(bytes) {
  const view = new Uint8Array(bytes);
  if (view[0] === 0xff && view[1] === 0xfe) {
    return { text: new TextDecoder("utf-16le").decode(view), encoding: "UTF-16" };
  }
  if (view[0] === 0xfe && view[1] === 0xff) {
    return { text: new TextDecoder("utf-16be").decode(view), encoding: "UTF-16" };
  }
  try {
    // The decoder removes the byte order mark.
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(view), encoding: "UTF-8" };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(view), encoding: "Windows-1252" };
  }
}

// The delimiter that cuts the first records into the most fields, and all into the same number.
export function guessDelimiter(text) {
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  let best = { delimiter: ",", score: 0 };
  for (const delimiter of DELIMITERS) {
    const widths = parseCsv(sample, delimiter).records.slice(0, SAMPLE_RECORDS).map((
      { fields },
    ) => fields.length);
    const alike = widths.filter((width) => width === widths[0]).length / (widths.length || 1);
    const score = (widths[0] > 1 ? widths[0] : 0) * alike ** 3;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

// Returns {records: [{line, fields}], fault}: `line` is where the record begins in the file, counted from 1. Lines
// without any character are left out. `fault` says where a quote is never closed: the rest of the file is in it.
export function parseCsv(text, delimiter) {
  const records = [];
  let fault = null;
  let fields = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  let recordLine = 1;
  const end = () => {
    if (fields.length > 1 || fields[0] !== "") records.push({ line: recordLine, fields });
    fields = [];
  };
  while (at < text.length) {
    let value = "";
    if (text[at] === '"') {
      const opened = line;
      [value, at, line] = quoted(text, at + 1, line);
      if (at > text.length) {
        fault = { line: opened, detail: `The quote of line ${opened} is never closed.` };
      }
      // Text after the closing quote is wrong by the standard. It is kept, as spreadsheets do.
    }
    const from = at;
    while (
      at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r"
    ) at += 1;
    fields.push(value + text.slice(from, at));
    if (at >= text.length) break;
    if (text[at] === delimiter) {
      at += 1;
      if (at >= text.length) fields.push("");
      continue;
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    line += 1;
    end();
    recordLine = line;
  }
  if (fields.length) end();
  return { records, fault };
}

// Reads from after an opening quote to after the closing one. A position past the end means that there was none.
function quoted(text, from, line) {
  let value = "";
  let at = from;
  for (;;) {
    const close = text.indexOf('"', at);
    const piece = text.slice(at, close < 0 ? text.length : close);
    line += piece.match(/\r\n|\r|\n/g)?.length ?? 0;
    value += piece;
    if (close < 0) return [value, text.length + 1, line];
    if (text[close + 1] !== '"') return [value, close + 1, line];
    value += '"';
    at = close + 2;
  }
}
