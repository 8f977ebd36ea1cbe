// Reading the headers and bodies of deliveries and responses.

import { BodyError } from "./errors.js";
import { header, type Header } from "./content.js";

/** The maximum number of bytes of a body that an error shows. */
const SHOWN_BYTES = 300;

/** Headers and body of a response or a delivery. */
export class Message {
  /** The headers, in the order in which they were received, with names in lower case. */
  readonly headers: readonly Header[];
  /** The body. The host's configuration limits its size (1 MiB by default). */
  readonly body: Uint8Array;

  constructor(headers: readonly Header[], body: Uint8Array) {
    // In StarlingMonkey, values from the host belong to another realm, so `instanceof` fails for them.
    this.headers = Array.from(headers, (header) => ({ ...header }));
    this.body = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }

  /** Returns the first value of a header. The case of the name does not matter. */
  header(name: string): string | undefined {
    return header(this.headers, name);
  }

  /** Returns the body as text. Invalid UTF-8 is replaced. */
  text(): string {
    return decode(this.body);
  }

  /**
   * Parses the body as JSON, in UTF-8 or UTF-16, with or without a byte order mark. Throws a `BodyError` if it is
   * not JSON.
   */
  json(): any;
  json<T>(): T;
  json(): any {
    try {
      return JSON.parse(decodeJson(this.body));
    } catch (error) {
      const reason = (error as Error).message;
      throw new BodyError("json", `not the JSON expected: ${reason}; it is ${beginning(this.body)}`);
    }
  }

  /**
   * Returns the value at a JSON pointer such as `/user/email`. Throws a `BodyError` if the body is not JSON, or
   * the pointer has no value.
   */
  pointer(pointer: string): any;
  pointer<T>(pointer: string): T;
  pointer(pointer: string): any {
    const value = lookup(this.json(), pointer);
    if (value === undefined) {
      throw new BodyError("missing", `no value at \`${pointer}\` in the JSON; it is ${beginning(this.body)}`);
    }
    return value;
  }
}

/** Returns the first bytes of a body, as text for people. */
export function beginning(body: Uint8Array): string {
  if (body.length === 0) {
    return "an empty body";
  }
  if (body.length <= SHOWN_BYTES) {
    return `\`${decode(body)}\``;
  }
  return `\`${decode(body.subarray(0, SHOWN_BYTES))}…\` (${body.length} bytes)`;
}

function decode(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/**
 * Decodes JSON text. JSON starts with an ASCII character, so UTF-16 is recognised by its zero bytes even without a byte
 * order mark. Does not use `TextDecoder`, which supports only UTF-8 in QuickJS.
 */
function decodeJson(body: Uint8Array): string {
  const [first, second] = body;
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  if (body.length < 2 || !(isBig || isLittle)) {
    return decode(body);
  }
  let text = "";
  for (let index = 0; index < body.length; index += 2) {
    const [high, low] = isBig ? [body[index]!, body[index + 1]] : [body[index + 1], body[index]!];
    text += high === undefined || low === undefined ? "\ufffd" : String.fromCharCode((high << 8) | low);
  }
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** Returns the value at a JSON pointer (RFC 6901). */
function lookup(value: unknown, pointer: string): unknown {
  if (pointer === "") {
    return value;
  }
  if (!pointer.startsWith("/")) {
    return undefined;
  }
  for (const part of pointer.slice(1).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const isIndex = !Array.isArray(value) || /^(0|[1-9]\d*)$/.test(name);
    if (typeof value !== "object" || value === null || !isIndex || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
