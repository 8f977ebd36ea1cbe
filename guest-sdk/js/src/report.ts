// Errors that ended a case, as text for people.

import { type Frame, frames, isAuthors, place } from "./place.js";
import { shown } from "./shown.js";

/** The maximum number of calls of a stack that are shown. */
const FRAMES = 12;

/**
 * Returns `TypeError: cannot read property 'name' of undefined (src/checkout.ts:12)`, followed by the call stack, if it
 * has more than one call.
 */
export function report(error: unknown): string {
  if (!isError(error)) {
    return reason(error);
  }
  const stack = frames(error);
  const calls = stack.filter(isAuthors).length > 1 ? stack.slice(0, FRAMES).map(call) : [];
  return [`${reason(error)}${at(stack)}`, ...calls].join("\n");
}

/** Returns the error with its location, in one line. */
export function brief(error: unknown): string {
  return isError(error) ? `${reason(error)}${at(frames(error))}` : reason(error);
}

function at(stack: Frame[]): string {
  const where = place(stack);
  return where === undefined ? "" : ` (${where})`;
}

function call({ function: name, file, line }: Frame): string {
  return name === "" ? `    at ${file}:${line}` : `    at ${name} (${file}:${line})`;
}

/** Returns the message, followed by those of its causes. */
function reason(error: unknown): string {
  if (!isError(error)) {
    return typeof error === "string" ? error : `${shown(error)} was thrown`;
  }
  const several = Array.isArray(error.errors) ? error.errors : [];
  const causes = [error.cause, ...several].filter((cause) => cause !== undefined && cause !== null);
  return [headline(error), ...causes.map(reason)].join(": ");
}

/**
 * Returns the message, with the type of the error if that is informative, which it is for types such as `TypeError`,
 * but not for `Error` and the errors of this package.
 */
function headline({ name, message, code }: ErrorLike): string {
  const isPlain = name === "Error" || code !== undefined;
  if (message === "") {
    return String(name);
  }
  return isPlain ? message : `${name}: ${message}`;
}

interface ErrorLike {
  name: string;
  message: string;
  stack?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** Returns whether a value is an error. Not by `instanceof`: in StarlingMonkey, errors of the host belong to another realm. */
function isError(value: unknown): value is ErrorLike {
  return typeof value === "object" && value !== null && "message" in value && "stack" in value && "name" in value;
}
