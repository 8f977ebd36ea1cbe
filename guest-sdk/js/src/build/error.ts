// Why a suite was not built, for its author to read.

/** The exit codes of `orbital-build-js`. */
export const EXIT = {
  /** The suite is wrong: it has mistakes, or uses what no test has. */
  suite: 1,
  /** The command line, or what `package.json` says of the suite, is wrong. */
  usage: 2,
  /** What the build needs is not there, or broken. */
  tools: 3,
} as const;

export class BuildError extends Error {
  override name = "BuildError";
  readonly kind: keyof typeof EXIT;

  constructor(kind: keyof typeof EXIT, message: string) {
    super(message);
    this.kind = kind;
  }
}
