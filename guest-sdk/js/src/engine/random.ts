// Random numbers for QuickJS. The engine seeds its own when the component is built, so that they would be the
// same in every run.

type Source = (length: number) => Uint8Array;

/** The most bytes that one call of the host gives. */
const MOST_BYTES = 1024;

/** `Math.random`, seeded when it is first called. */
export function makeRandom(source: Source): () => number {
  let state: Uint32Array | undefined;
  return () => {
    state ??= new Uint32Array(source(16).slice().buffer);
    // sfc32 makes 32 bits at a time, and a number between 0 and 1 has 53.
    return (step(state) * 2 ** 21 + (step(state) >>> 11)) / 2 ** 53;
  };
}

/** One step of sfc32: small, fast, and without a pattern that a test would see. */
function step(state: Uint32Array): number {
  const [a, b, c, counter] = state as unknown as [number, number, number, number];
  const sum = (a + b + counter) >>> 0;
  state[3] = counter + 1;
  state[0] = b ^ (b >>> 9);
  state[1] = c + (c << 3);
  state[2] = ((c << 21) | (c >>> 11)) + sum;
  return sum;
}

/** Of `crypto` what most authors look for. */
export function makeCrypto(source: Source) {
  const getRandomValues = <T extends ArrayBufferView>(array: T): T => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let start = 0; start < bytes.length; start += MOST_BYTES) {
      bytes.set(source(Math.min(MOST_BYTES, bytes.length - start)), start);
    }
    return array;
  };
  const randomUUID = (): string => {
    const bytes = getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  return { getRandomValues, randomUUID };
}
