// Generators of random values that were made while the suite was loaded. That happens when the component is built, so that
// without a new seed every run would have the same values.

/** A generator that takes a new seed when it is given none, as those of `@faker-js/faker` do. */
interface Seedable {
  seed(...values: unknown[]): unknown;
}

const unseeded = new Set<Seedable>();

/** Gives all of them a new seed. For the start of a run. */
export function renew() {
  for (const generator of unseeded) {
    generator.seed();
  }
  unseeded.clear();
}

/** The same generator, which is given a new seed at the start of a run unless the author chooses one before. */
export function renewed<T>(generator: T): T {
  if (isSeedable(generator)) {
    const seed = generator.seed.bind(generator);
    unseeded.add(generator);
    generator.seed = (...values: unknown[]) => {
      if (values[0] !== undefined) {
        unseeded.delete(generator);
      }
      return seed(...values);
    };
  }
  return generator;
}

/** The same class, whose instances are `renewed` unless they are made with a seed or a generator of the author's. */
export function renewing<T extends new (...values: any[]) => unknown>(type: T): T {
  return new Proxy(type, {
    construct(type, values: any[], made) {
      const instance = Reflect.construct(type, values, made);
      const [options] = values;
      return options?.seed === undefined && options?.randomizer === undefined ? renewed(instance) : instance;
    },
  });
}

function isSeedable(value: unknown): value is Seedable {
  return typeof value === "object" && value !== null && typeof (value as Seedable).seed === "function";
}
