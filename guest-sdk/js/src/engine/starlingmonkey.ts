// The engine StarlingMonkey has what browsers have. This adapts the little that does not fit a test.

import { makeConsole } from "./console.js";
import { callBack, type Engine, failUnhandled, NOTHING_PENDING } from "./engine.js";
import { install } from "./install.js";
import type { Host } from "../host.js";
import { here } from "../place.js";
import { jobs, QueuedPromise } from "./promise.js";
import { renew } from "./renewal.js";

type Callback = (...values: unknown[]) => void;

interface Globals {
  console: object;
  setTimeout(callback: Callback, delay?: number, ...values: unknown[]): number;
  setInterval(callback: Callback, delay?: number, ...values: unknown[]): number;
  clearTimeout(id: unknown): void;
  clearInterval(id: unknown): void;
  queueMicrotask(callback: () => void): void;
  fetch?(...values: unknown[]): unknown;
}

const globals = globalThis as unknown as Globals;
const native = { ...pick(globals), Promise, then: Promise.prototype.then, console: globals.console as Record<string, Callback>, random: Math.random };

/** The run, once there is one: while modules are loaded, at build time, there is no host to call. */
let host: Host | undefined;

/** What was begun and has not ended. The engine aborts without a word if a test waits and there is nothing. */
const timers = new Set<unknown>();
let hasFetched = false;

/** Where `fetch` was called whose answer is not there yet. */
const unanswered = new Set<{ place: string | undefined }>();
let onIdle: (() => void) | undefined;

Math.random = loadingRandom();

install({
  Promise: QueuedPromise,
  console: makeConsole((level, text) => (host === undefined ? native.console[level]!(text) : host.log.log(level, text, []))),
  setTimeout: (callback: Callback, delay?: number, ...values: unknown[]) => {
    const id = native.setTimeout(() => {
      timers.delete(id);
      callBack(host, () => callback(...values));
      look();
    }, delay);
    timers.add(id);
    return id;
  },
  setInterval: (callback: Callback, delay?: number, ...values: unknown[]) => {
    const id = native.setInterval(() => callBack(host, () => callback(...values)), delay);
    timers.add(id);
    return id;
  },
  clearTimeout: (id: unknown) => clear(id, native.clearTimeout),
  clearInterval: (id: unknown) => clear(id, native.clearInterval),
});

if (native.fetch !== undefined) {
  install({
    fetch: (...values: unknown[]) => {
      hasFetched = true;
      const call = { place: here() };
      unanswered.add(call);
      const forget = () => {
        unanswered.delete(call);
      };
      const answer = native.fetch!(...values) as Promise<unknown>;
      native.then.call(answer, forget, forget);
      return answer;
    },
  });
}

jobs.schedule = () => native.queueMicrotask(() => jobs.drain());

export const engine: Engine = {
  adapt: (host) => host,

  run(given, body) {
    host = given;
    renew();
    // Of the engine's own kind, as that is what it waits for.
    return new native.Promise((resolve, reject) => {
      onIdle = () => reject(NOTHING_PENDING);
      const end = (settle: () => void) => {
        onIdle = undefined;
        failUnhandled(given);
        settle();
      };
      QueuedPromise.try(body).then(
        () => {
          failUnanswered(given);
          end(resolve);
        },
        (reason) => end(() => reject(reason)),
      );
      look();
    });
  },
};

/** Marks the run as failed for each request that its end cuts off: most were never sent. */
function failUnanswered(host: Host) {
  for (const { place } of unanswered) {
    const where = place === undefined ? "" : ` (${place})`;
    host.verdict.fail(
      `the case ended before \`fetch\` was answered${where}; put \`await\` before it, and before the functions that call it`,
    );
  }
}

/** Looks, when all jobs are done, whether anything is left to wait for. */
function look() {
  if (timers.size > 0 || hasFetched || onIdle === undefined) {
    return;
  }
  native.setTimeout(() => {
    // The answer of a request arrives in ways that cannot be seen from here.
    if (timers.size === 0 && !hasFetched) {
      onIdle?.();
    }
  }, 0);
}

function clear(id: unknown, clear: (id: unknown) => void) {
  clear(id);
  timers.delete(id);
  look();
}

/**
 * The engine asks the host for a seed at the first call, which ends the build if that is while modules are
 * loaded. Until there is a run, numbers come from a generator that is seeded with the time.
 */
function loadingRandom(): () => number {
  let state = Date.now() % 2147483647;
  return () => {
    if (host !== undefined) {
      return native.random();
    }
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Bound, as natives want to be called on the global object. */
function pick({ setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, fetch }: Globals) {
  return {
    queueMicrotask: queueMicrotask.bind(globals),
    setTimeout: setTimeout.bind(globals),
    setInterval: setInterval.bind(globals),
    clearTimeout: clearTimeout.bind(globals),
    clearInterval: clearInterval.bind(globals),
    fetch: fetch?.bind(globals),
  };
}
