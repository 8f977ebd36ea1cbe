// The exports of the component. Not for authors: the build puts it into the bundle.

import * as clock from "orbital:test/clock@0.1.0";
import * as config from "orbital:test/config@0.1.0";
import * as context from "orbital:test/context@0.1.0";
import * as deliveries from "orbital:test/deliveries@0.1.0";
import * as events from "orbital:test/events@0.1.0";
import * as log from "orbital:test/log@0.1.0";
import * as metrics from "orbital:test/metrics@0.1.0";
import type { TestCase } from "orbital:test/suite@0.1.0";
import * as verdict from "orbital:test/verdict@0.1.0";
import type { Engine } from "./engine/engine.js";
import type { Host } from "./host.js";
import { find, registered } from "./registry.js";
import { runCase } from "./run.js";

/** The interface `suite`, on this engine. */
export function makeSuite(engine: Engine) {
  const host: Host = engine.adapt({ clock, config, context, deliveries, events, log, metrics, verdict });
  return {
    cases(): TestCase[] {
      return registered().map(({ declared }) => declared);
    },

    run(name: string): void | Promise<void> {
      return engine.run(host, () => runCase(find(name), host));
    },
  };
}
