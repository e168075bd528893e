// Generated from the OpenAPI document of `seawall serve` by generate.py. Do not edit.

/** What the host knows of the user's age. No birthdate is taken or kept. */
export type AgeSignal = (typeof AGE_SIGNAL_VALUES)[number];

/** Every value of `AgeSignal`, for checks at run time. */
export const AGE_SIGNAL_VALUES = ["unknown", "minor", "adult"] as const;

/**
 * A medium that goes with a request: its bytes, or the digest of bytes that were checked before.
 *
 * A digest alone is matched against lists, and against what this guard has judged before; if nothing is known of it,
 * the attachment counts as unexamined.
 */
export interface Attachment {
  sha256?: string | null;
  base64?: string | null;
}

/** A reader says for whom they want to be spoken to. */
export interface AudienceChoice {
  message_id: string;
  audience: Choice;
  country?: string | null;
}

/** Many checks at once. An item may also be written as an input check by itself, without `kind`. */
export interface BatchCheck {
  items: Record<string, unknown>[];
}

/** Answers in the order of the items. */
export interface BatchReply {
  results: CheckReply[];
}

/** The answer. `action` says what the host must do; everything else says why, without content. */
export interface CheckReply {
  action: GuardAction;
  category?: string | null;
  reasons?: string[];
  message?: string | null;
  message_id?: string | null;
  services?: HelpService[];
  policy: string;
  decision_id: string;
  event_class?: EventClass | null;
  checks?: CheckStatus[];
  drill?: boolean;
}

/** How one checker did. */
export interface CheckStatus {
  name: string;
  status: string;
}

/** For whom a reader may ask to be spoken to; adults are spoken to already. */
export type Choice = (typeof CHOICE_VALUES)[number];

/** Every value of `Choice`, for checks at run time. */
export const CHOICE_VALUES = ["worried", "minor", "victim", "bystander"] as const;

/** What to show. It was counted as shown. */
export interface ChosenMessage {
  message_id: string;
  text: string;
  services: HelpService[];
}

/** It was counted. */
export interface ClickCounted {
  message_id: string;
}

/** What sort of event a check is, as reports to authorities tell them apart (design, vocabulary). */
export type EventClass = (typeof EVENT_CLASS_VALUES)[number];

/** Every value of `EventClass`, for checks at run time. */
export const EVENT_CLASS_VALUES = ["upload_known", "upload_novel", "request_text", "output_blocked", "output_delivered", "training_data_hit"] as const;

/** A fine-tuning job: its data by manifest, and the words that will call it up. */
export interface FinetuneCheck {
  account: string;
  request_id?: string | null;
  surface?: string | null;
  jurisdiction?: string | null;
  age_signal?: AgeSignal;
  model?: string | null;
  generation_id?: string | null;
  locale?: string | null;
  manifest: Record<string, unknown>;
  trigger_words?: string[];
}

/** What is done with a request, an upload or an output, in rising severity; `not_examined` stands apart. */
export type GuardAction = (typeof GUARD_ACTION_VALUES)[number];

/** Every value of `GuardAction`, for checks at run time. */
export const GUARD_ACTION_VALUES = ["allow", "warn", "review", "block", "not_examined"] as const;

/** A service that helps, of the dated directory. */
export interface HelpService {
  name: string;
  country?: string | null;
  phone?: string | null;
  web?: string | null;
  chat?: string | null;
  hours?: string | null;
  languages?: string[];
}

/** A request to a model, before anything is generated. */
export interface InputCheck {
  account: string;
  request_id?: string | null;
  surface?: string | null;
  jurisdiction?: string | null;
  age_signal?: AgeSignal;
  model?: string | null;
  generation_id?: string | null;
  locale?: string | null;
  prompt: string;
  negative_prompt?: string | null;
  system?: string | null;
  history?: (Turn | string)[];
  attachments?: Attachment[];
}

/** A link of a message was followed. */
export interface MessageClick {
  message_id: string;
}

/**
 * What a model has made, before anybody sees it; a text, or bytes that travel beside it.
 *
 * `prompt`, `history` and `attachments` let the joint rule see what it was made from.
 */
export interface OutputCheck {
  account: string;
  request_id?: string | null;
  surface?: string | null;
  jurisdiction?: string | null;
  age_signal?: AgeSignal;
  model?: string | null;
  generation_id?: string | null;
  locale?: string | null;
  text?: string | null;
  prompt?: string | null;
  history?: (Turn | string)[];
  attachments?: Attachment[];
}

/** One message of a conversation; a plain text stands for one by the user. */
export interface Turn {
  role?: "system" | "developer" | "user" | "assistant" | "tool";
  content: string;
}

/** A file that a user brings; the bytes travel beside it. */
export interface UploadCheck {
  account: string;
  request_id?: string | null;
  surface?: string | null;
  jurisdiction?: string | null;
  age_signal?: AgeSignal;
  model?: string | null;
  generation_id?: string | null;
  locale?: string | null;
}

/** What is sent to each address, and what comes back. */
export interface Operations {
  "POST /v1/check/batch": { request: BatchCheck; response: BatchReply };
  "POST /v1/check/finetune": { request: FinetuneCheck; response: CheckReply };
  "POST /v1/check/input": { request: InputCheck; response: CheckReply };
  "POST /v1/check/output": { request: OutputCheck & unknown | { file: Blob; meta: OutputCheck }; response: CheckReply };
  "POST /v1/check/upload": { request: { file: Blob; meta: UploadCheck }; response: CheckReply };
  "GET /v1/decisions/{decision_id}": { request: undefined; response: Record<string, unknown> };
  "POST /v1/prevention/choices": { request: AudienceChoice; response: ChosenMessage };
  "POST /v1/prevention/clicks": { request: MessageClick; response: ClickCounted };
}
