// A thin client of a seawall server, on fetch alone. Every method returns a decision or throws `NotDecided`.

import type {
  AudienceChoice,
  BatchCheck,
  CheckReply,
  ChosenMessage,
  FinetuneCheck,
  GuardAction,
  InputCheck,
  OutputCheck,
  UploadCheck,
} from "./types.js";
import { GUARD_ACTION_VALUES } from "./types.js";

/** There is no decision: refuse the request. Nothing may be generated or shown. */
export class NotDecided extends Error {
  override name = "NotDecided";
}

/** The guard could not be reached, or broke off. */
export class Unreachable extends NotDecided {
  override name = "Unreachable";
}

/** The guard does not take this check. */
export class Refused extends NotDecided {
  override name = "Refused";
  /** HTTP status; undefined if the check was not sent. */
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** Too much waits for the guard. */
export class Busy extends NotDecided {
  override name = "Busy";
  /** Milliseconds that it asks to wait; undefined if it does not say. */
  readonly retryAfterMs: number | undefined;
  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The guard's answer cannot be understood. */
export class Malformed extends NotDecided {
  override name = "Malformed";
}

export interface Options {
  /** Milliseconds for one attempt. Default 30,000. */
  timeoutMs?: number;
  /** How often a check is tried again, under the same request id. Default 2. */
  retries?: number;
  /** No pause is longer; if the guard asks for more, the check is not tried again. Default 10,000. */
  maxPauseMs?: number;
  /** Send the key and the content unencrypted to another machine. */
  allowPlainHttp?: boolean;
  /** For tests. */
  fetch?: typeof fetch;
  /** For tests. */
  pause?: (milliseconds: number) => Promise<void>;
}

export interface CallOptions {
  /** Gives the check up: it then counts as not decided. */
  signal?: AbortSignal;
}

const MAX_REPLY = 1 << 20;
const MAX_BATCH_REPLY = 16 << 20;
const FIRST_PAUSE_MS = 200;

/** Whether what was checked may go on: on `allow` and `warn` alone. */
export function permit(reply: CheckReply, options: { notExaminedOk?: boolean } = {}): boolean {
  if (reply.action === "not_examined") return options.notExaminedOk === true;
  return reply.action === "allow" || reply.action === "warn";
}

interface Call {
  method: "GET" | "POST";
  path: string;
  json?: unknown;
  form?: () => FormData;
  most: number;
  /** It is counted as often as it is sent, so it is never tried again. */
  once?: boolean;
}

export class Client {
  readonly #url: string;
  readonly #key: string;
  readonly #options: Required<Options>;

  /**
   * @param baseUrl The server: `https://guard.example`. Plain HTTP to this machine alone.
   * @param key An API key, as `seawall keys create` printed it. It belongs on servers, never in a browser.
   */
  constructor(baseUrl: string, key: string, options: Options = {}) {
    const url = new URL(baseUrl);
    const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("the address must be http or https");
    if (url.username || url.password || url.search || url.hash) throw new TypeError("the address says too much");
    if (url.protocol === "http:" && !loopback && !options.allowPlainHttp) {
      throw new TypeError("the key and every prompt would travel unencrypted: use https");
    }
    if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError("this is no key");
    this.#url = url.href.replace(/\/+$/, "");
    this.#key = key;
    this.#options = {
      timeoutMs: options.timeoutMs ?? 30_000,
      retries: options.retries ?? 2,
      maxPauseMs: options.maxPauseMs ?? 10_000,
      allowPlainHttp: options.allowPlainHttp ?? false,
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      pause: options.pause ?? ((milliseconds) => new Promise((done) => setTimeout(done, milliseconds))),
    };
  }

  /** Check a request to a model, before anything is generated. */
  async checkInput(check: InputCheck, options: CallOptions = {}): Promise<CheckReply> {
    return reply(await this.#send({ method: "POST", path: "/v1/check/input", json: named(check), most: MAX_REPLY }, options));
  }

  /** Check a file that a user brings. */
  async checkUpload(file: Blob, check: UploadCheck, options: CallOptions = {}): Promise<CheckReply> {
    return reply(await this.#send(upload("/v1/check/upload", named(check), file), options));
  }

  /** Check what a model has made, `check.text` or a file, before anybody sees it. */
  async checkOutput(check: OutputCheck, file?: Blob, options: CallOptions = {}): Promise<CheckReply> {
    if (file !== undefined) return reply(await this.#send(upload("/v1/check/output", named(check), file), options));
    if (check.text === undefined || check.text === null) throw new Refused("an output has a text or a file");
    return reply(await this.#send({ method: "POST", path: "/v1/check/output", json: named(check), most: MAX_REPLY }, options));
  }

  /** Check a fine-tuning job. */
  async checkFinetune(check: FinetuneCheck, options: CallOptions = {}): Promise<CheckReply> {
    return reply(await this.#send({ method: "POST", path: "/v1/check/finetune", json: named(check), most: MAX_REPLY }, options));
  }

  /** Check many at once; decisions in order. */
  async checkBatch(items: readonly InputCheck[], options: CallOptions = {}): Promise<CheckReply[]> {
    const batch: BatchCheck = { items: items.map((item) => ({ ...named(item) })) };
    const answer = await this.#send({ method: "POST", path: "/v1/check/batch", json: batch, most: MAX_BATCH_REPLY }, options);
    const results = isObject(answer) ? answer["results"] : undefined;
    if (!Array.isArray(results) || results.length !== items.length) {
      throw new Malformed("the guard did not answer for every item of the batch");
    }
    return results.map(reply);
  }

  /** Return what the server recorded of a decision. */
  async decision(id: string, options: CallOptions = {}): Promise<Record<string, unknown>> {
    if (!/^[0-9a-f]{32}$/.test(id)) throw new Refused("a decision id has 32 hex digits");
    const answer = await this.#send({ method: "GET", path: `/v1/decisions/${id}`, most: MAX_REPLY }, options);
    if (!isObject(answer)) throw new Malformed("the guard's answer cannot be understood");
    return answer;
  }

  /** Count that a link of a message was followed. It may be lost, and is never counted twice. */
  async countClick(messageId: string, options: CallOptions = {}): Promise<void> {
    const json = { message_id: messageId };
    await this.#send({ method: "POST", path: "/v1/prevention/clicks", json, most: MAX_REPLY, once: true }, options);
  }

  /** Return the words and services for those whom a reader counts themselves among. */
  async chooseAudience(choice: AudienceChoice, options: CallOptions = {}): Promise<ChosenMessage> {
    const call: Call = { method: "POST", path: "/v1/prevention/choices", json: choice, most: MAX_REPLY, once: true };
    const answer = await this.#send(call, options);
    if (!isObject(answer) || typeof answer["text"] !== "string" || !Array.isArray(answer["services"])) {
      throw new Malformed("the guard's answer cannot be understood");
    }
    return answer as unknown as ChosenMessage;
  }

  async #send(call: Call, options: CallOptions): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(call, options.signal);
      } catch (error) {
        const pause = call.once ? undefined : this.#pause(attempt, error);
        if (pause === undefined || options.signal?.aborted) throw error;
        await this.#options.pause(pause);
      }
    }
  }

  #pause(attempt: number, error: unknown): number | undefined {
    if (attempt >= this.#options.retries || !(error instanceof Unreachable || error instanceof Busy)) return undefined;
    const asked = error instanceof Busy ? (error.retryAfterMs ?? 0) : 0;
    if (asked > this.#options.maxPauseMs) return undefined;
    const ceiling = Math.min(this.#options.maxPauseMs, FIRST_PAUSE_MS * 2 ** attempt);
    return Math.max(asked, Math.random() * ceiling);
  }

  async #attempt(call: Call, signal: AbortSignal | undefined): Promise<unknown> {
    const headers: Record<string, string> = { Accept: "application/json", Authorization: `Bearer ${this.#key}` };
    if (call.json !== undefined) headers["Content-Type"] = "application/json";
    const body = call.form ? call.form() : call.json === undefined ? undefined : JSON.stringify(call.json);
    const aborter = new AbortController();
    const abort = () => aborter.abort();
    const timer = setTimeout(abort, this.#options.timeoutMs);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const init: RequestInit = {
        method: call.method,
        headers,
        signal: aborter.signal,
        // The key is sent nowhere else than to the address that was given.
        redirect: "error",
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      };
      if (body !== undefined) init.body = body;
      const response = await this.#options.fetch(this.#url + call.path, init);
      return await read(response, call.most);
    } catch (error) {
      if (error instanceof NotDecided) throw error;
      throw new Unreachable("the guard could not be reached", { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      aborter.abort();
    }
  }
}

async function read(response: Response, most: number): Promise<unknown> {
  const status = response.status;
  if (status !== 200) {
    const wait = retryAfterMs(response.headers.get("retry-after"));
    if (status === 429 || (status === 503 && wait !== undefined)) throw new Busy(`the guard is busy (HTTP ${status})`, wait);
    if (status >= 500) throw new Unreachable(`the guard answered HTTP ${status}`);
    if (status >= 400) throw new Refused(`the guard refused the check (HTTP ${status})`, status);
    throw new Malformed(`the guard answered HTTP ${status}, which is no decision`);
  }
  const kind = (response.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (kind !== "application/json") throw new Malformed("the guard's answer is not JSON");
  const text = await bounded(response, most);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Malformed("the guard's answer cannot be understood");
  }
}

async function bounded(response: Response, most: number): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let size = 0;
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > most) throw new Malformed("the guard's answer is too long");
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (error instanceof TypeError && error.message.includes("encoded data")) {
      throw new Malformed("the guard's answer cannot be understood");
    }
    throw error;
  }
}

function reply(value: unknown): CheckReply {
  if (
    !isObject(value) ||
    !(GUARD_ACTION_VALUES as readonly unknown[]).includes(value["action"]) ||
    typeof value["policy"] !== "string" ||
    typeof value["decision_id"] !== "string" ||
    value["decision_id"] === ""
  ) {
    throw new Malformed("the guard's answer cannot be understood");
  }
  return value as unknown as CheckReply;
}

function upload(path: string, check: UploadCheck | OutputCheck, file: Blob): Call {
  return {
    method: "POST",
    path,
    most: MAX_REPLY,
    form: () => {
      const form = new FormData();
      form.append("meta", JSON.stringify(check));
      // The name of a file is never sent.
      form.append("file", file, "file");
      return form;
    },
  };
}

/** Return a check with a request id, so that it is decided once however often it is sent. */
function named<T extends { request_id?: string | null }>(check: T): T {
  return check.request_id ? check : { ...check, request_id: globalThis.crypto.randomUUID() };
}

function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export type { AudienceChoice, BatchCheck, CheckReply, ChosenMessage, FinetuneCheck, GuardAction, InputCheck, OutputCheck, UploadCheck };
