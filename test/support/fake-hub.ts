import { createHash, type Hash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentReport } from '../../protocol/agent-report.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import type { AgentHello, HubHello } from '../../protocol/hello.ts';
import type { JobDocument, Secrets } from '../../protocol/job-document.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { AttemptReport, Offer } from '../../protocol/offer.ts';
import type { AgentFrame, HubFrame, LogFrame, OpenFrame, SessionErrorCode } from '../../protocol/session-frame.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Accepted, Listener } from '../../transports/listener.ts';
import type { HubSessionChannel } from '../../transports/session-transport.ts';

const patienceMs = 50_000;
const lookMs = 3;

/** What the hub has of one attempt: the durable part of a real one. */
export interface FakeAttempt {
  readonly id: string;
  readonly offer: Offer;
  readonly request: FakeRequest;
  version: number;
  desired: 'run' | 'cancel';
  documentSent: boolean;
  folderId: string | null;
  withdrawn: boolean;
  stateLost: boolean;
  secretsGone: boolean;
  /** A restored store does not know it. */
  unknown: boolean;
  /** Empty where the hub keeps no bytes. */
  log: Buffer[];
  bytes: number;
  hash: Hash;
  readonly times: { readonly offset: number; readonly at: number }[];
  result: AttemptResult | null;
  /** Every result frame that came, as text. */
  readonly results: string[];
  readonly opens: OpenFrame[];
  readonly reports: AttemptReport[];
  documentsSent: number;
}

export interface FakeRequest {
  readonly automation: string;
  parameters?: JsonObject;
  readonly secrets?: Secrets;
  readonly timeoutSeconds?: number;
  readonly digest?: string;
  readonly allowedSeconds?: number;
  readonly job?: string;
}

/** What a test does instead of the hub: true when it did, and the hub shall not. */
export type Intercept = (
  frame: AgentFrame,
  channel: HubSessionChannel,
  attempt: FakeAttempt,
) => Promise<boolean> | boolean;

/**
 * A hub that keeps to the table of `docs/attempts.md` §3 and to nothing else, in memory that outlives its channels. Tests look into it,
 * break its habits one by one, and take connections away from it.
 */
export class FakeHub implements AsyncDisposable {
  readonly attempts = new Map<string, FakeAttempt>();
  readonly hellos: AgentHello[] = [];
  agentReport: AgentReport | null = null;
  storeId: string = randomUUID();
  commits = 1;
  startId: string | null = null;
  /** How much it says that it has of the start that the agent saw last. */
  commitsOfSeen: number | null = null;
  leaseEpoch = 0;
  /** Acknowledgements are sent. */
  acknowledges = true;
  /** Bytes of the streams are kept, not only counted. */
  keepsLogs = true;
  /** The control channel is answered with a hello. */
  greets = true;
  /** What its hellos say that it speaks. */
  protocols: readonly number[] = [1];
  /** What its hellos say of its leaving. */
  leaving: HubHello['leaving'] = null;
  intercept: Intercept = () => false;
  readonly #agentId: string;
  readonly #highest = new Map<string, { readonly leaseEpoch: number; readonly opens: number }>();
  readonly #sessions = new Map<string, HubSessionChannel>();
  readonly #channels = new Set<{ close(): Promise<void> }>();
  readonly #serving = new Set<Promise<void>>();
  #control: ControlChannel | null = null;
  #listeners: Promise<void>[] = [];

  constructor(agentId: string) {
    this.#agentId = agentId;
  }

  /** Serves what `listener` accepts until it is disposed. */
  serve(listener: Listener<string>): void {
    this.#listeners.push(this.#accept(listener));
  }

  get controlIsUp(): boolean {
    return this.#control !== null;
  }

  session(attempt: string): HubSessionChannel | null {
    return this.#sessions.get(attempt) ?? null;
  }

  get(attempt: string): FakeAttempt {
    const found = this.attempts.get(attempt);
    if (found === undefined) throw new Error(`expected an attempt that was offered, got ${attempt}`);
    return found;
  }

  /** Offers an attempt of a new job; answers its id. */
  offer(request: FakeRequest, given: Partial<Offer> = {}): string {
    const id = given.attempt ?? randomUUID();
    const offer: Offer = {
      job: request.job ?? randomUUID(),
      attempt: id,
      automation: request.automation,
      digest: request.digest ?? null,
      desired: 'run',
      documentSent: false,
      allowedSeconds: request.allowedSeconds ?? 30,
      ...given,
    };
    this.attempts.set(id, {
      id,
      offer,
      request,
      version: 0,
      desired: offer.desired,
      documentSent: offer.documentSent,
      folderId: null,
      withdrawn: false,
      stateLost: false,
      secretsGone: false,
      unknown: false,
      log: [],
      bytes: 0,
      hash: createHash('sha256'),
      times: [],
      result: null,
      results: [],
      opens: [],
      reports: [],
      documentsSent: 0,
    });
    void this.publish(id);
    return id;
  }

  /** Wants the attempt cancelled, and says so on the control channel if it is up. */
  async cancel(id: string): Promise<void> {
    this.get(id).desired = 'cancel';
    await this.publish(id);
  }

  /** Sends the attempt's spec, with a new version. */
  async publish(id: string): Promise<void> {
    const attempt = this.get(id);
    attempt.version += 1;
    const { desired, documentSent } = attempt;
    await this.sendSpec(id, { ...attempt.offer, desired, documentSent }, attempt.version);
  }

  async sendSpec(
    id: string,
    offer: Offer | null,
    version: number,
    extensions: Partial<CloudEvent> = {},
  ): Promise<void> {
    await this.#sendEvent({
      type: 'io.farhand.v1.jobs.spec.create_request',
      resourceid: id,
      resourceversion: version,
      ...(offer === null ? {} : { data: offer, datacontenttype: 'application/json' }),
      ...extensions,
    });
  }

  async sendDesired(
    desired: { schedulable: boolean; drain: boolean; note: string | null },
    version: number,
  ): Promise<void> {
    await this.#sendEvent({
      type: 'io.farhand.v1.agents.spec.update_request',
      resourceid: this.#agentId,
      resourceversion: version,
      datacontenttype: 'application/json',
      data: desired,
    });
  }

  /** The stream as far as it is stored. */
  log(id: string): Buffer {
    return Buffer.concat(this.get(id).log);
  }

  digest(id: string): string {
    return this.get(id).hash.copy().digest('hex');
  }

  /** Forgets bytes of the stream, as a hub that lost its last writes. */
  truncate(id: string, bytes: number): void {
    const attempt = this.get(id);
    attempt.log = [this.log(id).subarray(0, bytes)];
    attempt.bytes = bytes;
    attempt.hash = createHash('sha256').update(this.log(id));
  }

  report(id: string): AttemptReport | undefined {
    return this.get(id).reports.at(-1);
  }

  /** Waits until the attempt's result is stored. */
  async result(id: string): Promise<AttemptResult> {
    await this.until(() => this.get(id).result !== null, `a result of ${id}`);
    const { result } = this.get(id);
    if (result === null) throw new Error('expected a result');
    return result;
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + patienceMs;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`expected ${what}, waited ${patienceMs} ms in vain`);
      await delay(lookMs);
    }
  }

  async cutControl(): Promise<void> {
    await this.#control?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    await Promise.all(this.#listeners);
    await Promise.all(this.#serving);
  }

  async #accept(listener: Listener<string>): Promise<void> {
    for await (const accepted of listener) {
      const served = this.#serve(accepted).catch(() => {});
      this.#serving.add(served);
      void served.then(() => this.#serving.delete(served));
    }
  }

  async #serve(accepted: Accepted<string>): Promise<void> {
    this.#channels.add(accepted.channel);
    try {
      if (accepted.type === 'control') await this.#serveControl(accepted.channel);
      else await this.#serveSession(accepted.attempt, accepted.channel);
    } finally {
      this.#channels.delete(accepted.channel);
      await accepted.channel.close();
    }
  }

  // Control

  async #serveControl(channel: ControlChannel): Promise<void> {
    this.leaseEpoch += 1;
    if (this.greets) await this.hello(channel);
    this.#control = channel;
    for await (const event of channel) {
      this.#receiveEvent(event);
      if (event.type === 'io.farhand.v1.jobs.spec.resync_request')
        for (const id of this.attempts.keys()) await this.publish(id);
    }
    if (this.#control === channel) this.#control = null;
  }

  async hello(channel: ControlChannel | null = this.#control): Promise<void> {
    const hello: HubHello = {
      hub: 'fake',
      version: '0.0.0',
      storeId: this.storeId,
      commits: this.commits,
      startId: this.startId,
      commitsOfSeen: this.commitsOfSeen,
      leaseEpoch: this.leaseEpoch,
      agent: { id: this.#agentId, name: 'a1', account: 'default' },
      protocols: [...this.protocols],
      leaving: this.leaving,
    };
    await channel?.send({
      specversion: '1.0',
      id: randomUUID(),
      source: 'hub',
      type: 'io.farhand.v1.hubs.status.update_request',
      clustername: this.#agentId,
      datacontenttype: 'application/json',
      data: hello,
    });
  }

  #receiveEvent(event: CloudEvent): void {
    if (
      event.type === 'io.farhand.v1.agents.status.update_request' ||
      event.type === 'io.farhand.v1.agents.status.resync_response'
    ) {
      const data = event.data as JsonObject;
      if ('slots' in data) this.agentReport = data as unknown as AgentReport;
      else this.hellos.push(data as unknown as AgentHello);
    }
    if (!event.type.startsWith('io.farhand.v1.jobs.status.') || event.resourceid === undefined) return;
    this.attempts.get(event.resourceid)?.reports.push(event.data as unknown as AttemptReport);
  }

  async #sendEvent(event: Partial<CloudEvent> & Pick<CloudEvent, 'type'>): Promise<void> {
    await this.#control
      ?.send({
        specversion: '1.0',
        id: randomUUID(),
        source: 'hub',
        clustername: this.#agentId,
        originalsource: '',
        ...event,
      })
      .catch(() => {});
  }

  // Sessions

  async #serveSession(id: string, channel: HubSessionChannel): Promise<void> {
    const attempt = this.attempts.get(id);
    for await (const frame of channel) {
      if (attempt === undefined) return this.#error(channel, 'unknown-attempt');
      if (frame.type === 'unknown') continue;
      if (frame.type === 'open') attempt.opens.push(frame);
      if (frame.type === 'result') attempt.results.push(JSON.stringify(frame.result));
      if (await this.intercept(frame, channel, attempt)) continue;
      if (frame.type === 'open') await this.#open(attempt, frame, channel);
      else if (this.#sessions.get(id) !== channel) await this.#error(channel, 'session-replaced');
      else if (frame.type === 'log') await this.#log(attempt, frame, channel);
      else if (frame.type === 'result') await this.#result(attempt, frame.result, channel);
    }
    if (this.#sessions.get(id) === channel) this.#sessions.delete(id);
  }

  async #open(attempt: FakeAttempt, open: OpenFrame, channel: HubSessionChannel): Promise<void> {
    const highest = this.#highest.get(attempt.id);
    const isOld =
      highest !== undefined &&
      (open.leaseEpoch < highest.leaseEpoch || (open.leaseEpoch === highest.leaseEpoch && open.opens <= highest.opens));
    if (isOld) return this.#error(channel, 'session-replaced');
    this.#highest.set(attempt.id, open);
    const older = this.#sessions.get(attempt.id);
    if (older !== undefined) await this.#error(older, 'session-replaced').catch(() => {});
    this.#sessions.set(attempt.id, channel);
    if (attempt.unknown) return this.#error(channel, 'unknown-attempt');
    if (attempt.result !== null) return channel.send({ type: 'accepted' });
    if (attempt.withdrawn || attempt.stateLost) return this.#error(channel, 'attempt-withdrawn');
    if (attempt.documentSent && attempt.folderId !== null && attempt.folderId !== open.folderId) {
      attempt.stateLost = true;
      return this.#error(channel, 'attempt-withdrawn');
    }
    attempt.documentSent = true;
    attempt.folderId = open.folderId;
    const stops = open.have === 'claimed' && attempt.secretsGone;
    const desired = stops ? 'cancel' : attempt.desired;
    const document = open.needsDocument && desired === 'run' ? this.#document(attempt) : null;
    if (document !== null) attempt.documentsSent += 1;
    const secrets = open.needsSecrets && !attempt.secretsGone && (desired === 'run' || !open.needsDocument);
    await channel.send({
      type: 'job',
      offset: attempt.bytes,
      desired,
      document,
      secrets: secrets ? (attempt.request.secrets ?? {}) : null,
      secretsGone: open.needsSecrets && attempt.secretsGone,
      store: null,
    });
  }

  #document(attempt: FakeAttempt): JobDocument {
    const { request, offer } = attempt;
    return {
      job: offer.job,
      attempt: attempt.id,
      number: 1,
      account: 'default',
      automation: request.automation,
      digest: request.digest ?? null,
      parameters: request.parameters ?? {},
      secretNames: Object.keys(request.secrets ?? {}),
      timeoutSeconds: request.timeoutSeconds ?? null,
      traceparent: null,
      tracestate: null,
    };
  }

  async #log(attempt: FakeAttempt, frame: LogFrame, channel: HubSessionChannel): Promise<void> {
    if (frame.offset > attempt.bytes) return channel.send({ type: 'rewind', offset: attempt.bytes });
    const fresh = frame.bytes.subarray(attempt.bytes - frame.offset);
    attempt.times.push({ offset: attempt.bytes, at: frame.at });
    if (this.keepsLogs) attempt.log.push(Buffer.from(fresh));
    attempt.hash.update(fresh);
    attempt.bytes += fresh.length;
    if (this.acknowledges) await channel.send({ type: 'ack', offset: attempt.bytes });
  }

  async #result(attempt: FakeAttempt, result: AttemptResult, channel: HubSessionChannel): Promise<void> {
    const cannotSendMore = result.log.gaps.some(({ why }) => why === 'power-loss' || why === 'secrets-gone');
    const isWhole = result.log.bytes === attempt.bytes && result.log.sha256 === this.digest(attempt.id);
    if (!isWhole && !cannotSendMore) {
      const offset = result.log.bytes > attempt.bytes ? attempt.bytes : 0;
      if (offset === 0) this.truncate(attempt.id, 0);
      return channel.send({ type: 'rewind', offset });
    }
    attempt.result = result;
    await channel.send({ type: 'accepted' });
  }

  async #error(channel: HubSessionChannel, code: SessionErrorCode): Promise<void> {
    const frame: HubFrame = { type: 'error', code, message: code, retryAfterMs: null };
    await channel.send(frame);
  }
}
