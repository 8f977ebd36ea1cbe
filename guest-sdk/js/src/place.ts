// Locations in the author's files. The engines know only locations in the bundle, so the build adds a table to the bundle
// that maps them to the source files.

/** What the build writes: see `build/places.ts`. */
export interface PlaceTable {
  /** The bundle's name. */
  bundle: string;
  /** Paths of the sources, relative to the project. */
  sources: string[];
  /**
   * For each line of the bundle its segments, each with its column, source and line, or its column alone if
   * what begins there is of no interest. All count from 0; numbers have base 36, and are joined by `,`,
   * segments by a space, and lines by `;`.
   */
  lines: string;
}

/** A call that was going on. */
export interface Frame {
  function: string;
  file: string;
  line: number;
}

const TABLE = Symbol.for("orbital.places");

/** Files of this package are of no interest, where there is no table that leaves them out. */
let sdkFolder: string | undefined;

/** Says where this package is. Only where the modules are not bundled: in unit tests. */
export function setSdkFolder(folder: string) {
  sdkFolder = folder;
}

/** `src/smoke.ts:12`: where in the author's files this is called from, if that is known. */
export function here(): string | undefined {
  return place(frames(new Error()));
}

/** The innermost place in the author's files. */
export function place(frames: readonly Frame[]): string | undefined {
  const frame = frames.find(isAuthors);
  return frame && `${frame.file}:${frame.line}`;
}

/** Whether this is a call in a file of the author, and not in a package that the author uses. */
export function isAuthors(frame: Frame): boolean {
  return !frame.file.includes("node_modules/");
}

/** The calls that were going on when an error was made, innermost first, without those in this package. */
export function frames(error: { stack?: unknown; name?: unknown }): Frame[] {
  const stack = typeof error.stack === "string" ? error.stack : "";
  const found = stack.split("\n").flatMap((line) => frame(line) ?? []);
  // QuickJS and StarlingMonkey count the constructors of an author's own type of error too.
  const constructors = [error.name, error.constructor?.name];
  while (found.length > 1 && constructors.includes(found[0]!.function)) {
    found.shift();
  }
  return found;
}

/** Reads `at f (file:1:2)` of QuickJS and V8, and `f@file:1:2` of StarlingMonkey. */
function frame(text: string): Frame | undefined {
  const match =
    /^\s*at (?:async )?(?:(.*?) \()?([^()]+?):(\d+):(\d+)\)?$/.exec(text) ?? /^(.*?)@(.+?):(\d+):(\d+)$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, name = "", file = "", line, column] = match;
  return locate({ function: tidy(name), file, line: Number(line) }, Number(column));
}

/** The name alone: engines mark what was awaited, and say what a method belongs to. */
function tidy(name: string): string {
  return name === "<anonymous>" ? "" : name.replace(/^(async\*|new )/, "").replace(/[/<]+$/, "");
}

function locate(frame: Frame, column: number): Frame | undefined {
  const table = (globalThis as { [TABLE]?: PlaceTable })[TABLE];
  if (table === undefined) {
    return inFiles(frame);
  }
  if (!frame.file.endsWith(table.bundle)) {
    return undefined;
  }
  const found = lookUp(table, frame.line, column);
  return found && { ...frame, ...found };
}

/** Where in the sources a place of the bundle is, if it is of interest. Lines and columns count from 1. */
export function lookUp(table: PlaceTable, line: number, column: number): { file: string; line: number } | undefined {
  // The last segment that begins at or before the column.
  const [, source, sourceLine] = segments(table, line).findLast(([start]) => start! <= column - 1) ?? [];
  if (source === undefined || sourceLine === undefined) {
    return undefined;
  }
  return { file: table.sources[source]!, line: sourceLine + 1 };
}

/** A frame of code that is not bundled, in Node. */
function inFiles(frame: Frame): Frame | undefined {
  const isOurs = sdkFolder !== undefined && frame.file.startsWith(sdkFolder);
  if (isOurs || frame.file.startsWith("node:")) {
    return undefined;
  }
  const file = frame.file.replace(/^file:\/\//, "");
  const folder = `${(globalThis as { process?: { cwd(): string } }).process?.cwd() ?? ""}/`;
  return { ...frame, file: file.startsWith(folder) ? file.slice(folder.length) : file };
}

/** The lines of the last table, taken apart when the first place is asked for, which most runs never do. */
let last: { table: PlaceTable; lines: string[] } | undefined;

function segments(table: PlaceTable, line: number): number[][] {
  if (last?.table !== table) {
    last = { table, lines: table.lines.split(";") };
  }
  const text = last.lines[line - 1];
  return text ? text.split(" ").map((segment) => segment.split(",").map((number) => Number.parseInt(number, 36))) : [];
}
