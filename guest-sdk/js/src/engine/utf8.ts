// `TextEncoder` and `TextDecoder` for QuickJS: UTF-8 alone.
//
// A loop over 3 MiB takes the engine two seconds. It has functions of its own that do the same in a few steps, and
// take a hundredth of that; the loops are for what those do not take, such as bytes that are not UTF-8.

/** What newer engines have, and the language's library does not know yet. */
interface Base64 {
  fromBase64?(text: string): Uint8Array;
}

const { fromBase64 } = Uint8Array as Base64;

declare function escape(text: string): string;
declare function unescape(text: string): string;
declare function atob(text: string): string;
declare function btoa(text: string): string;

/** How many characters are made a text at once. */
const CHUNK = 8192;

export class Utf8Encoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array {
    const string = String(text);
    if (fromBase64 !== undefined) {
      return fromBase64.call(Uint8Array, btoa(unescape(encodeURIComponent(string.toWellFormed()))));
    }
    // No character of a text needs more than three bytes: one that needs four is two in a text.
    const bytes = new Uint8Array(string.length * 3);
    return bytes.slice(0, this.encodeInto(string, bytes).written);
  }

  encodeInto(text: string, bytes: Uint8Array): { read: number; written: number } {
    let [read, written] = [0, 0];
    while (read < text.length) {
      const unit = text.charCodeAt(read);
      if (unit < 0x80) {
        // Most of most texts, so the shortest way.
        if (written === bytes.length) {
          break;
        }
        bytes[written++] = unit;
        read += 1;
        continue;
      }
      const point = scalar(text.codePointAt(read)!);
      const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (written + size > bytes.length) {
        break;
      }
      // As many ones as there are bytes, a zero, and the upper bits.
      bytes[written++] = ((0xf00 >> size) & 0xff) | (point >> (6 * (size - 1)));
      for (let shift = 6 * (size - 2); shift >= 0; shift -= 6) {
        bytes[written++] = 0x80 | ((point >> shift) & 0x3f);
      }
      read += size === 4 ? 2 : 1;
    }
    return { read, written };
  }
}

/** Half a pair that is alone is no character. */
function scalar(point: number): number {
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}

export class Utf8Decoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!["utf-8", "utf8", "unicode-1-1-utf-8"].includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`\`${label}\` cannot be decoded here; the engine quickjs knows UTF-8 alone`);
    }
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  decode(input: ArrayBuffer | ArrayBufferView = new Uint8Array(0), { stream = false } = {}): string {
    if (stream) {
      throw new TypeError("`stream` cannot be used here: the engine quickjs decodes a text at once");
    }
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const hasMark = !this.ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return quickly(bytes.subarray(hasMark ? 3 : 0)) ?? this.#decode(bytes, hasMark ? 3 : 0);
  }

  #decode(bytes: Uint8Array, start: number): string {
    let text = "";
    let units: number[] = [];
    let index = start;
    while (index < bytes.length) {
      const first = bytes[index]!;
      index += 1;
      if (first < 0x80) {
        units.push(first);
      } else {
        const [point, size] = sequence(bytes, index, first);
        index += size;
        if (point === undefined && this.fatal) {
          throw new TypeError("the bytes are not UTF-8");
        }
        push(units, point ?? 0xfffd);
      }
      if (units.length >= CHUNK) {
        text += String.fromCharCode(...units);
        units = [];
      }
    }
    return text + String.fromCharCode(...units);
  }
}

/** The text, if the engine can, and if the bytes are UTF-8. */
function quickly(bytes: Uint8Array & { toBase64?(): string }): string | undefined {
  if (bytes.toBase64 === undefined) {
    return undefined;
  }
  try {
    return decodeURIComponent(escape(atob(bytes.toBase64())));
  } catch {
    return undefined;
  }
}

/** The rest of a character of several bytes: what it is, if it is one, and how many bytes belong to it. */
function sequence(bytes: Uint8Array, start: number, first: number): [point: number | undefined, size: number] {
  const size = first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
  let point = first & (0x3f >> size);
  for (let offset = 0; offset < size; offset++) {
    const byte = bytes[start + offset];
    // The second byte has bounds of its own, so that there is one way to write each character.
    const least = offset > 0 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = offset > 0 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (byte === undefined || byte < least || byte > most) {
      return [undefined, offset];
    }
    point = (point << 6) | (byte & 0x3f);
  }
  return [size === 0 ? undefined : point, size];
}

function push(units: number[], point: number) {
  if (point < 0x10000) {
    units.push(point);
  } else {
    units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
  }
}
