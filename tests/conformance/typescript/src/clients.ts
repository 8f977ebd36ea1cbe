// Client libraries, which send by `fetch`.

import axios from "axios";
import { test } from "orbital-sdk";

// As axios does, while the suite is loaded.
const hasRequest = typeof Request === "function" && new Request("http://encodings", { method: "POST", body: "1" }).method;

test("axios", { manual: true, timeout: "5s" }, async (t) => {
  const answer = await axios.get("http://encodings/axios", { adapter: "fetch" });
  t.checkEq([hasRequest, answer.status, answer.data], ["POST", 200, "asked for /axios"]);
});

test("unawaited-fetch", { manual: true, timeout: "5s" }, () => {
  fetch("http://encodings/lost");
});
