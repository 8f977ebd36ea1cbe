// The difference of two values that should be equal, as text for people.

import { shown } from "./shown.js";

/** How many lines are shown before and after one that differs. */
const LINES_AROUND = 3;

/** Comparing needs memory for each pair of lines: this many pairs are 4 MiB. Larger values are shown whole. */
const MOST_PAIRS = 2 ** 20;

/**
 * Returns both values, one below the other. Of values with several lines, returns only those that differ, with a few
 * lines of context.
 */
export function difference(left: unknown, right: unknown): string {
  const [leftText, rightText] = [text(left), text(ordered(right, left))];
  const [leftLines, rightLines] = [leftText.split("\n"), rightText.split("\n")];
  const isShort = Math.max(leftLines.length, rightLines.length) < 2;
  // What differs may be nothing that JSON can show.
  if (isShort || leftText === rightText || leftLines.length * rightLines.length > MOST_PAIRS) {
    return `   left: ${leftText}\n  right: ${rightText}`;
  }
  return `- left\n+ right\n${byLine(compare(leftLines, rightLines))}`;
}

/** The longest text of a value in a headline, in characters. */
const BRIEF = 60;

/** How many characters of a long text are shown before the first one that differs. */
const BEFORE = 20;

/** Returns in one line how two values differ. Of long values, it has the parts around the first difference. */
export function inShort(left: unknown, right: unknown): string {
  const [leftText, rightText] = [shown(left), shown(ordered(right, left))];
  let same = 0;
  while (same < leftText.length && leftText[same] === rightText[same]) {
    same++;
  }
  const isLong = Math.max(leftText.length, rightText.length) > BRIEF;
  const start = isLong ? Math.max(0, same - BEFORE) : 0;
  return `${part(leftText, start)} is not ${part(rightText, start)}`;
}

/** Returns a value in one line, or its beginning. */
export function brief(value: unknown): string {
  return part(shown(value), 0);
}

function part(text: string, start: number): string {
  const end = start + BRIEF;
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}

/** A line, and whether it is of the left value only, of the right one only, or of both. */
type Line = [sign: "-" | "+" | " ", text: string];

function byLine(lines: Line[]): string {
  let shown = "";
  let skips = false;
  lines.forEach(([sign, text], index) => {
    const around = lines.slice(Math.max(0, index - LINES_AROUND), index + LINES_AROUND + 1);
    if (around.every(([sign]) => sign === " ")) {
      skips = true;
      return;
    }
    if (skips) {
      shown += "  …\n";
      skips = false;
    }
    shown += `${sign} ${text}\n`;
  });
  return shown;
}

/** The longest common subsequence, and what is beside it. */
function compare(left: string[], right: string[]): Line[] {
  const width = right.length + 1;
  // How many lines are common from here on.
  const common = new Uint32Array((left.length + 1) * width);
  for (let l = left.length - 1; l >= 0; l--) {
    for (let r = right.length - 1; r >= 0; r--) {
      common[l * width + r] =
        left[l] === right[r]
          ? common[(l + 1) * width + r + 1]! + 1
          : Math.max(common[(l + 1) * width + r]!, common[l * width + r + 1]!);
    }
  }
  const lines: Line[] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    if (l < left.length && r < right.length && left[l] === right[r]) {
      lines.push([" ", left[l]!]);
      l++;
      r++;
    } else if (r === right.length || (l < left.length && common[(l + 1) * width + r]! >= common[l * width + r + 1]!)) {
      lines.push(["-", left[l++]!]);
    } else {
      lines.push(["+", right[r++]!]);
    }
  }
  return lines;
}

/** Returns a value as JSON, but with real line breaks in strings. */
function text(value: unknown): string {
  const text = shown(value, 2);
  return typeof value === "string" ? text.replaceAll("\\n", "\n") : text;
}

/** The same value with its keys in the order of another, so that a key that is only elsewhere is no difference. */
function ordered(value: unknown, model: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(model)) {
    return value.map((item, index) => ordered(item, model[index]));
  }
  if (!isPlain(value) || !isPlain(model)) {
    return value;
  }
  const keys = [...Object.keys(model).filter((key) => Object.hasOwn(value, key)), ...Object.keys(value)];
  return Object.fromEntries(keys.map((key) => [key, ordered(value[key], model[key])]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
