/// <reference path="../contract.d.ts" preserve="true" />
// The functions of the contract, by interface: those of the host in a component, and those of the fake in a unit test.

export interface Host {
  log: typeof import("orbital:test/log@0.1.0");
  verdict: typeof import("orbital:test/verdict@0.1.0");
  context: typeof import("orbital:test/context@0.1.0");
  config: typeof import("orbital:test/config@0.1.0");
  clock: typeof import("orbital:test/clock@0.1.0");
  deliveries: typeof import("orbital:test/deliveries@0.1.0");
  events: typeof import("orbital:test/events@0.1.0");
  metrics: typeof import("orbital:test/metrics@0.1.0");
}
