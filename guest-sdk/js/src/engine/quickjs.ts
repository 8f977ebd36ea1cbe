// The engine QuickJS: the globals that it lacks, and an event loop. It is loaded before the author's modules.

import { getRandomBytes } from "wasi:random/random@0.2.0";
import type { Host } from "../host.js";
import { makeConsole } from "./console.js";
import { callBack, type Engine, failUnhandled, NOTHING_PENDING } from "./engine.js";
import { install } from "./install.js";
import { jobs, QueuedPromise } from "./promise.js";
import { makeCrypto, makeRandom } from "./random.js";
import { renew } from "./renewal.js";
import { Timers } from "./timers.js";
import { wellFormed } from "./well-formed.js";
import { Utf8Decoder, Utf8Encoder } from "./utf8.js";

/** The run, once there is one: while modules are loaded, at build time, there is no host to call. */
let host: Host | undefined;

/** When the run began, by the clock that `Date` reads. */
let start = 0;

const timers = new Timers(() => (host === undefined ? 0 : Date.now() - start));

const random = (length: number): Uint8Array => {
  if (host === undefined) {
    throw new Error("there are no random bytes while the suite is loaded, which is when it is built; ask for them in a case");
  }
  return getRandomBytes(length);
};

const native = { random: Math.random, now: performance.now.bind(performance) };
const seeded = makeRandom(random);
let nativeStart = 0;

Math.random = () => (host === undefined ? native.random() : seeded());

install({
  Promise: QueuedPromise,
  queueMicrotask: (callback: () => void) => {
    QueuedPromise.resolve().then(callback);
  },
  setTimeout: (callback: () => void, delay?: number, ...values: unknown[]) => timers.set(callback, delay, false, values),
  setInterval: (callback: () => void, delay?: number, ...values: unknown[]) => timers.set(callback, delay, true, values),
  clearTimeout: (id: unknown) => timers.clear(id),
  clearInterval: (id: unknown) => timers.clear(id),
  console: makeConsole((level, text) => host?.log.log(level, text, [])),
  TextEncoder: Utf8Encoder,
  TextDecoder: Utf8Decoder,
  crypto: makeCrypto(random),
  // The engine's own counts from when the component was built.
  performance: { now: () => native.now() - nativeStart },
});

export const engine: Engine = {
  adapt: wellFormed,

  run(given, body) {
    host = given;
    start = Date.now();
    nativeStart = native.now();
    renew();
    try {
      settle(given, QueuedPromise.try(body));
    } finally {
      failUnhandled(given);
    }
  },
};

/** Does jobs and timers until the promise is settled. Throws what it was rejected with. */
function settle(host: Host, promise: PromiseLike<void>) {
  let end: { reason?: unknown; isRejected: boolean } | undefined;
  promise.then(
    () => {
      end = { isRejected: false };
    },
    (reason) => {
      end = { isRejected: true, reason };
    },
  );
  jobs.drain();
  while (end === undefined) {
    const pause = timers.pause();
    if (pause === undefined) {
      throw NOTHING_PENDING;
    }
    if (pause > 0) {
      host.clock.sleep(Math.ceil(pause));
    }
    callBack(host, () => timers.fire());
    jobs.drain();
  }
  if (end.isRejected) {
    throw end.reason;
  }
}
