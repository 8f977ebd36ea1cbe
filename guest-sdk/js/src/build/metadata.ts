// What a component says of itself, in the standard sections: the host shows it.

/** Adds the language, the tools and the author's version to a component. */
export function addMetadata(component: Uint8Array, { language, version, sdk }: { language: string; version: string; sdk: string }) {
  const producers = [
    ...number(2),
    ...field("language", language, ""),
    ...field("processed-by", "orbital-sdk", sdk),
  ];
  const sections = [section("producers", producers)];
  if (version !== "") {
    sections.push(section("version", [...new TextEncoder().encode(version)]));
  }
  return Buffer.concat([component, ...sections]);
}

/** A custom section: its id is 0. */
function section(name: string, content: number[]): Uint8Array {
  const body = [...text(name), ...content];
  return Uint8Array.from([0, ...number(body.length), ...body]);
}

/** One field with one value. */
function field(name: string, value: string, version: string): number[] {
  return [...text(name), ...number(1), ...text(value), ...text(version)];
}

function text(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...number(bytes.length), ...bytes];
}

/** LEB128. */
function number(value: number): number[] {
  const bytes: number[] = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest === 0 ? 0 : 0x80));
    value = rest;
  } while (value !== 0);
  return bytes;
}
