// Headers and bodies of events, requests and replies.

import type { Header } from "orbital:test/deliveries@0.1.0";

export type { Header };

/** Headers by name, or as pairs if a name occurs more than once. */
export type Headers = Record<string, string> | readonly (readonly [name: string, value: string])[];

/** Headers and a body. Set `body` or `json`, not both. */
export interface Content {
  /** The headers. */
  headers?: Headers;
  /** The body, as a string or bytes. */
  body?: string | Uint8Array;
  /** A value that is sent as JSON. Sets the header `content-type` unless it is in `headers`. */
  json?: unknown;
}

/** Converts headers and body to the types of the contract. */
export function content({ headers = {}, body, json }: Content): { headers: Header[]; body: Uint8Array } {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const list: Header[] = pairs.map(([name, value]) => ({ name, value: String(value) }));
  if (json === undefined) {
    return { headers: list, body: bytes(body ?? "") };
  }
  if (body !== undefined) {
    throw new TypeError("both `body` and `json` are set; remove one");
  }
  if (header(list, "content-type") === undefined) {
    list.push({ name: "content-type", value: "application/json" });
  }
  return { headers: list, body: bytes(jsonText(json)) };
}

/** Returns the first value of a header. The case of the name does not matter. */
export function header(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find((header) => header.name.toLowerCase() === wanted)?.value;
}

function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`the body cannot be JSON: it is a ${typeof value}`);
  }
  return text;
}

function bytes(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}
