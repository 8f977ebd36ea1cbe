// Headers and bodies of what a test sends: events, requests and replies.

import type { Header } from "orbital:test/deliveries@0.1.0";

export type { Header };

/** Headers, by name, or in pairs if a name is there more than once. */
export type Headers = Record<string, string> | readonly (readonly [name: string, value: string])[];

/** A body, as text or bytes, or as a value that is sent as JSON. */
export interface Content {
  headers?: Headers;
  /** Text or bytes. */
  body?: string | Uint8Array;
  /** A value, sent as JSON, with `content-type` unless that is among the headers. */
  json?: unknown;
}

/** In the words of the contract. */
export function content({ headers = {}, body, json }: Content): { headers: Header[]; body: Uint8Array } {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const list: Header[] = pairs.map(([name, value]) => ({ name, value: String(value) }));
  if (json === undefined) {
    return { headers: list, body: bytes(body ?? "") };
  }
  if (body !== undefined) {
    throw new TypeError("there are both `body` and `json`; keep one");
  }
  if (header(list, "content-type") === undefined) {
    list.push({ name: "content-type", value: "application/json" });
  }
  return { headers: list, body: bytes(jsonText(json)) };
}

/** The first value of a header, by its name in any case. */
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
