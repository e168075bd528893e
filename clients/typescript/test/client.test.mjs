// Run after a build: node --test test/ (SEAWALL_CLIENT names another build).
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

const { Busy, Client, Malformed, NotDecided, Refused, Unreachable, permit } = await import(
  process.env.SEAWALL_CLIENT ?? "../dist/index.js"
);

const DECISION = "0190a1b2c3d47e5f8091a2b3c4d5e6f7";
const KEY = "sw_test";

function decided(action, more = {}) {
  return { status: 200, body: JSON.stringify({ action, policy: "p", decision_id: DECISION, ...more }) };
}

/** Runs `use` against a server that gives `answers` in turn, then judges by the token `zorblax`. */
async function served(answers, use, options = {}) {
  const seen = [];
  const server = createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces).toString("latin1");
      seen.push({ url: request.url, method: request.method, headers: request.headers, body });
      const bad = body.includes("zorblax") ? "block" : "allow";
      let answer = answers.shift();
      if (answer === "hang up") return request.socket.destroy();
      if (answer === "hang") return undefined;
      if (!answer && request.url.endsWith("/batch")) {
        const results = JSON.parse(body).items.map((item) => JSON.parse(decided(item.prompt === "zorblax" ? "block" : "allow").body));
        answer = { status: 200, body: JSON.stringify({ results }) };
      }
      answer ??= decided(bad);
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(answer.body ?? "");
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const pauses = [];
  const client = new Client(`http://127.0.0.1:${server.address().port}/`, KEY, {
    pause: async (milliseconds) => void pauses.push(milliseconds),
    ...options,
  });
  try {
    return await use(client, seen, pauses);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}

test("a request is checked, and only allow and warn are permitted", () =>
  served([undefined, undefined, decided("warn"), decided("review"), decided("not_examined")], async (client, seen) => {
    const check = { account: "u1", prompt: "a boat", history: ["before"] };
    assert.equal(permit(await client.checkInput(check)), true);
    const sent = JSON.parse(seen[0].body);
    assert.equal(seen[0].headers.authorization, `Bearer ${KEY}`);
    assert.ok(sent.request_id);
    assert.deepEqual({ ...sent, request_id: undefined }, { ...check, request_id: undefined });
    assert.equal(permit(await client.checkInput({ account: "u1", prompt: "zorblax" })), false);
    assert.equal(permit(await client.checkInput(check)), true);
    assert.equal(permit(await client.checkInput(check)), false);
    const reply = await client.checkInput(check);
    assert.equal(permit(reply), false);
    assert.equal(permit(reply, { notExaminedOk: true }), true);
  }));

test("files go as they are and without their names; texts of outputs go as JSON", () =>
  served([], async (client, seen) => {
    const file = new File(["12345"], "private name.png");
    assert.equal((await client.checkUpload(file, { account: "u1" })).action, "allow");
    assert.match(seen[0].body, /name="meta"/);
    assert.match(seen[0].body, /12345/);
    assert.doesNotMatch(seen[0].body, /private name/);
    assert.equal((await client.checkOutput({ account: "u1", text: "zorblax" })).action, "block");
    assert.equal((await client.checkOutput({ account: "u1" }, new Blob(["zorblax"]))).action, "block");
    await assert.rejects(client.checkOutput({ account: "u1" }), Refused);
  }));

test("batches are answered in full or not at all", () =>
  served([undefined, { status: 200, body: '{"results": []}' }], async (client) => {
    const items = [{ account: "u1", prompt: "a boat" }, { account: "u2", prompt: "zorblax" }];
    assert.deepEqual((await client.checkBatch(items)).map((each) => each.action), ["allow", "block"]);
    await assert.rejects(client.checkBatch(items), Malformed);
    await assert.rejects(client.decision("../keys"), Refused);
  }));

test("it is tried again under one request id, and the guard's pause is kept", () =>
  served(["hang up", { status: 503, headers: { "retry-after": "3" } }], async (client, seen, pauses) => {
    assert.equal((await client.checkInput({ account: "u1", prompt: "a boat" })).action, "allow");
    const ids = new Set(seen.map((each) => JSON.parse(each.body).request_id));
    assert.equal(ids.size, 1);
    assert.ok(pauses[0] >= 0 && pauses[0] <= 200);
    assert.equal(pauses[1], 3000);
  }));

const failures = [
  [{ status: 401 }, Refused],
  [{ status: 422, body: "zorblax" }, Refused],
  [{ status: 429 }, Busy],
  [{ status: 503, headers: { "retry-after": "60" } }, Busy],
  [{ status: 500 }, Unreachable],
  [{ status: 307, headers: { location: "/elsewhere" } }, Unreachable],
  [{ status: 202, body: decided("allow").body }, Malformed],
  [{ status: 200, body: "allow" }, Malformed],
  [{ status: 200, body: "null" }, Malformed],
  [{ status: 200, body: '{"action": "allow"}' }, Malformed],
  [decided("ALLOW"), Malformed],
  [decided("permit"), Malformed],
  [decided(["allow"]), Malformed],
  [{ status: 200, headers: { "content-type": "text/html" }, body: decided("allow").body }, Malformed],
  [decided("allow", { more: "x".repeat(2 ** 21) }), Malformed],
  ["hang up", Unreachable],
  ["hang", Unreachable],
];
for (const [index, [answer, kind]] of failures.entries()) {
  test(`whatever is no decision throws (${index})`, () =>
    served(
      [answer],
      async (client, seen) => {
        await assert.rejects(client.checkInput({ account: "u1", prompt: "a boat" }), (error) => {
          assert.ok(error instanceof kind && error instanceof NotDecided, String(error));
          assert.doesNotMatch(String(error), /zorblax/);
          return true;
        });
        assert.equal(seen.length, 1);
      },
      { retries: 0, timeoutMs: 500 },
    ));
}

test("a caller can give up", () =>
  served(["hang"], async (client, seen) => {
    const aborter = new AbortController();
    const asked = client.checkInput({ account: "u1", prompt: "a boat" }, { signal: aborter.signal });
    aborter.abort();
    await assert.rejects(asked, NotDecided);
    assert.ok(seen.length <= 1);
  }));

test("the key goes over verified connections alone", () => {
  for (const [url, key] of [
    ["http://guard.test", KEY],
    ["ftp://guard.test", KEY],
    ["https://user:word@guard.test", KEY],
    ["https://guard.test?x=1", KEY],
    ["https://guard.test", "two words"],
    ["https://guard.test", ""],
  ]) {
    assert.throws(() => new Client(url, key), TypeError);
  }
  assert.ok(new Client("http://guard.test", KEY, { allowPlainHttp: true }));
  assert.doesNotMatch(JSON.stringify(new Client("https://guard.test", "sw_secret")), /sw_secret/);
});

test("what a reader did is sent once, whatever becomes of it", () =>
  served(
    [
      { status: 200, body: JSON.stringify({ message_id: "m" }) },
      "hang up",
      { status: 200, body: JSON.stringify({ message_id: "v", text: "words", services: [] }) },
      { status: 200, body: "{}" },
    ],
    async (client, seen, pauses) => {
      await client.countClick("m");
      await assert.rejects(client.countClick("m"), Unreachable);
      const choice = { message_id: "m", audience: "victim" };
      assert.equal((await client.chooseAudience(choice)).text, "words");
      await assert.rejects(client.chooseAudience(choice), Malformed);
      assert.deepEqual(seen.map((each) => each.url.split("/").pop()), ["clicks", "clicks", "choices", "choices"]);
      assert.deepEqual(JSON.parse(seen[2].body), choice);
      assert.deepEqual(pauses, []);
    },
  ));
