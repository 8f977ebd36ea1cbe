// Of the globals that both engines have, those that the modules here use: the language's own library has none
// of them, and that of browsers has far more than there is.

declare class TextEncoder {
  encode(text?: string): Uint8Array;
}

declare class TextDecoder {
  decode(bytes?: Uint8Array): string;
}

declare const performance: { now(): number };

interface ImportMeta {
  url: string;
}

declare class URL {
  constructor(url: string, base: string);
  readonly href: string;
}

/** Random numbers of WASI. QuickJS has none of its own that differ between runs. */
declare module "wasi:random/random@0.2.0" {
  export function getRandomBytes(length: number): Uint8Array;
}
