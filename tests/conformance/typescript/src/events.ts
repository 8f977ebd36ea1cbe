// What goes to the system under test, and what comes back.

import { test } from "orbital-sdk";

test("smoke", { manual: true, timeout: "5s" }, (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } });
  const delivery = t.waitFor(id);
  t.checkEq(delivery.json().processed, true);
});

test("fan-out", { manual: true, timeout: "5s" }, (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, type: "order", email: "ada@example.com" } });
  const deliveries = t.waitN([id], 3);
  const destinations = deliveries.map((delivery) => delivery.pointer<string>("/destination"));
  for (const [index, destination] of destinations.entries()) {
    const { path } = deliveries[index]!;
    t.check(path.endsWith(`/hooks/${destination}`), `${destination} got ${path}`);
  }
  if (t.checkEq(destinations.sort(), ["analytics", "billing", "shipping"])) {
    const times = deliveries.map((delivery) => delivery.receivedAt);
    t.histogram("fan_out_spread_seconds", Math.max(...times) - Math.min(...times));
  }
});

test("exactly-once", { manual: true, timeout: "5s" }, (t) => {
  const id = t.newId();
  const event = { target: "api", key: id, json: { id, email: "ada@example.com" } };
  t.checkEq(t.sendEvent(event).success().pointer("/duplicate"), false);
  t.checkEq(t.sendEvent(event).success().pointer("/duplicate"), true);
  t.waitFor(id);
  t.noDeliveryWithin(id, "300ms");
});

test("server-made-id", { manual: true, timeout: "5s" }, (t) => {
  const receipt = t.sendEvent({ target: "api", json: { email: "ada@example.com" } }).success();
  const delivery = t.waitFor(receipt.pointer("/id"));
  t.checkEq(delivery.pointer("/email"), "ada@example.com");
});

test("planned-replies", { manual: true, timeout: "10s" }, (t) => {
  const id = t.newId();
  t.expect(id, [{ status: 500 }, { status: 200, delay: "3s" }, { status: 200 }]);
  t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } });
  const first = t.waitFor(id);
  t.checkEq(t.waitFor(id, "2s").json(), first.json());
  t.checkEq(t.waitFor(id, "2s").json(), first.json());
  t.noDeliveryWithin(id, "500ms");
});

test("unknown-target", { manual: true, timeout: "5s" }, (t) => {
  t.sendEvent({ target: "nowhere", json: {} });
});

test("big-body", { manual: true, timeout: "5s" }, (t) => {
  const body = "orbital ".repeat((3 << 20) / 8);
  const receipt = t.sendEvent({ target: "api", key: t.newId(), body });
  t.log.info(`answered ${receipt.status}`);
});

test("encodings", { manual: true, timeout: "5s" }, (t) => {
  for (const encoding of ["utf-8-mark", "utf-16-le", "utf-16-le-mark", "utf-16-be", "utf-16-be-mark"]) {
    const answer = t.request({ target: "encodings", path: `/${encoding}` });
    t.checkEq(answer.pointer("/name"), "Zoë 🎉");
  }
});
