// From a source map to the table that leads from the bundle to the author's files; see `place.ts`.

import type { PlaceTable } from "../place.js";

export interface SourceMap {
  sources: string[];
  mappings: string;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Sources for which `isOurs` holds are left out: calls in them are not shown. */
export function makePlaces(bundle: string, map: SourceMap, isOurs: (source: string) => boolean): PlaceTable {
  const lines = decode(map.mappings).map((segments) => {
    const kept: string[] = [];
    let last = "";
    for (const [column, source, line] of segments) {
      const isKnown = source !== undefined && line !== undefined && !isOurs(map.sources[source]!);
      const place = isKnown ? `,${source.toString(36)},${line.toString(36)}` : "";
      // A place has a line and no column, so most segments say nothing new.
      if (kept.length === 0 || place !== last) {
        kept.push(`${column!.toString(36)}${place}`);
        last = place;
      }
    }
    return kept.join(" ");
  });
  return { bundle, sources: map.sources, lines: lines.join(";") };
}

/** The column, source and line of each segment of each line, from what source maps have: base 64 VLQ, relative. */
function decode(mappings: string): (number | undefined)[][][] {
  const state = [0, 0, 0, 0, 0];
  return mappings.split(";").map((line) => {
    state[0] = 0;
    if (line === "") {
      return [];
    }
    return line.split(",").map((segment) => {
      const numbers = decodeNumbers(segment);
      numbers.forEach((number, field) => {
        state[field]! += number;
      });
      return numbers.length >= 4 ? [state[0], state[1], state[2]] : [state[0]];
    });
  });
}

function decodeNumbers(segment: string): number[] {
  const numbers: number[] = [];
  let [number, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    number += (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) === 0) {
      numbers.push(number & 1 ? -(number >> 1) : number >> 1);
      [number, shift] = [0, 0];
    }
  }
  return numbers;
}
