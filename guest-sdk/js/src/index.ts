// Write end-to-end tests for orbital in TypeScript or JavaScript.
//
//     import { test } from "orbital-sdk";
//
//     test("smoke", { every: "1s", timeout: "3s" }, (t) => {
//       const id = t.newId();
//       t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } });
//       const delivery = t.waitFor(id);
//       t.checkEq(delivery.json().processed, true);
//     });
//
// A case passes if it returns and was not marked as failed. `t.fail`, `t.check` and `t.checkEq` mark it as failed and
// continue. A thrown error ends it. A case may be `async`.

export type { CaseFunction, CaseOptions, Schedule } from "./case.js";
export type { Content, Header, Headers } from "./content.js";
export { Delivery } from "./delivery.js";
export type { Duration } from "./duration.js";
export { BodyError, ExpectError, Failure, MetricError, OrbitalError, SendError, StatusError, WaitError } from "./errors.js";
export type { Event, Reply, Request } from "./event.js";
export type { Fields, Log } from "./log.js";
export { Receipt } from "./receipt.js";
export { test } from "./registry.js";
export type { Labels, RunContext, Test } from "./test.js";
