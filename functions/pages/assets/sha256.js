// SHA-256 (FIPS 180-4) of a text, as hexadecimal digits. The browser's own exists on https and localhost only and gives
// a promise for each hash; ids of rows must be the same everywhere, and a file has up to 100,000 of them.

const PRIMES = [];
for (let candidate = 2; PRIMES.length < 64; candidate += 1) {
  if (PRIMES.every((prime) => candidate % prime)) PRIMES.push(candidate);
}
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const encoder = new TextEncoder();
const words = new Int32Array(64);

export function sha256(text) {
  const bytes = encoder.encode(text);
  const padded = new DataView(new ArrayBuffer(((bytes.length + 72) >> 6) << 6));
  new Uint8Array(padded.buffer).set(bytes);
  padded.setUint8(bytes.length, 0x80);
  padded.setBigUint64(padded.byteLength - 8, BigInt(bytes.length) * 8n);
  const hash = START.slice();
  for (let block = 0; block < padded.byteLength; block += 64) compress(hash, padded, block);
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

const rotate = (word, bits) => (word >>> bits) | (word << (32 - bits));

function compress(hash, data, block) {
  for (let index = 0; index < 16; index += 1) words[index] = data.getInt32(block + index * 4);
  for (let index = 16; index < 64; index += 1) {
    const early = words[index - 15];
    const late = words[index - 2];
    words[index] = words[index - 16] + words[index - 7] +
      (rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)) +
      (rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10));
  }
  let [a, b, c, d, e, f, g, i] = hash;
  for (let index = 0; index < 64; index += 1) {
    const first = (i + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
      ROUNDS[index] + words[index]) | 0;
    const second =
      ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    i = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, i].forEach((word, index) => {
    hash[index] += word;
  });
}
