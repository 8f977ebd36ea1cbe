// Random values, which must be others in every run.

import { faker } from "@faker-js/faker";
import { test } from "orbital-sdk";

test("random", { manual: true, timeout: "5s" }, (t) => {
  t.log.info(String(Math.random()));
  t.log.info(faker.string.alphanumeric(20));
  t.log.info(faker.string.uuid());
});
