import { admissionReasonKinds } from '../protocol/admission.ts';
import { toLoopMetrics } from '../runtime/loop-metrics.ts';
import type { HistogramSample, Metric, MetricSample } from '../runtime/metrics-text.ts';
import type { AgentState } from './agent-state.ts';
import type { AgentStatus } from './agent-status.ts';
import type { AttemptState } from './attempts/attempt-state.ts';
import { toClusterMetrics } from './cluster-metrics.ts';
import { toKubernetesMetrics } from './kubernetes-metrics.ts';
import type { LinkState } from './link-state.ts';

const agentStates = ['starting', 'serving', 'draining', 'leaving', 'left'] as const satisfies readonly AgentState[];

const linkStates = ['idle', 'dialling', 'up', 'distrusted', 'waiting'] as const satisfies readonly LinkState['type'][];

/** Those in which an attempt is held. */
const attemptStates = [
  'claimed',
  'preparing',
  'running',
  'stopping',
  'clearing',
  'cleaning',
  'sealing',
  'holding',
] as const satisfies readonly AttemptState['type'][];

function gauge(name: string, help: string, value: number): Metric {
  return { type: 'gauge', name: `farhand_agent_${name}`, help, samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { type: 'counter', name: `farhand_agent_${name}`, help, samples: [{ value }] };
}

function histogram(name: string, help: string, sample: HistogramSample): Metric {
  return { type: 'histogram', name: `farhand_agent_${name}`, help, samples: [sample] };
}

function counters(name: string, help: string, label: string, values: Readonly<Record<string, number>>): Metric {
  const samples = Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { type: 'counter', name: `farhand_agent_${name}`, help, samples };
}

/** In seconds since 1970; 0 for what never was. */
function timestamp(name: string, help: string, at: number | null): Metric {
  return gauge(name, help, (at ?? 0) / 1000);
}

/** One sample for each state: all of them are there always, so that a query finds zeros and no holes. */
function byState(states: readonly string[], count: (state: string) => number): readonly MetricSample[] {
  return states.map((state) => ({ labels: { state }, value: count(state) }));
}

/** What an agent tells Prometheus, made of its status. Each is explained in `docs/metrics.md`. */
export function toAgentMetrics(status: AgentStatus): readonly Metric[] {
  const { name, version, state, link, slots, attempts, catalog, counts, times } = status;
  const { sessions } = counts;
  const isDraining = state === 'draining' || status.desired.drain;
  const is = (current: string) => (each: string) => (each === current ? 1 : 0);
  return [
    {
      type: 'gauge',
      name: 'farhand_agent_info',
      help: 'Always 1; its labels say which agent this is.',
      samples: [{ labels: { name, version }, value: 1 }],
    },
    {
      type: 'gauge',
      name: 'farhand_agent_state',
      help: 'Where the process is in its life: 1 for the state it is in.',
      samples: byState(agentStates, is(state)),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_link_state',
      help: 'Where the control channel stands: 1 for the state it is in.',
      samples: byState(linkStates, is(link.state)),
    },
    ...toCertificateMetrics(status),
    gauge(
      'hub_url_place',
      'Which of FARHAND_HUB_URL the control channel is on, from 1; 0 while there is none.',
      status.ways.findIndex(({ state: way }) => way === 'used') + 1,
    ),
    counter('dials_total', 'Times the hub was dialled for a control channel.', counts.dials),
    counter('reconnects_total', 'Control channels that came up after the first.', Math.max(0, counts.connects - 1)),
    counter('offline_seconds_total', 'Time without a control channel that is up.', counts.offlineMs / 1000),
    histogram(
      'resync_seconds',
      'Time from the hello of the hub to its having been told how all attempts stand.',
      times.resync,
    ),
    counters('events_total', 'Events of the control channel, by what came of them.', 'what', status.events),
    timestamp(
      'last_event_timestamp_seconds',
      'When the hub last sent an event, in seconds since 1970; 0 before the first.',
      counts.lastEventAt,
    ),
    gauge('draining', '1 while no work is taken because somebody asked for that.', isDraining ? 1 : 0),
    gauge('slots', 'Jobs that may run at the same time.', slots.total),
    gauge('slots_used', 'Slots that jobs take now.', slots.used),
    {
      type: 'gauge',
      name: 'farhand_agent_attempts',
      help: 'Attempts that the agent holds, by where they are.',
      samples: byState(attemptStates, (each) => attempts.filter((attempt) => attempt.state === each).length),
    },
    counters('attempts_ended_total', 'Attempts whose result the hub accepted, by outcome.', 'outcome', counts.ended),
    counters('offers_declined_total', 'Offers that were declined, by why.', 'reason', counts.declined),
    timestamp(
      'last_accepted_timestamp_seconds',
      'When an offer was last taken, in seconds since 1970; 0 before the first.',
      counts.lastAcceptedAt,
    ),
    histogram('start_seconds', 'Time from the claim of an attempt to the start of its program.', times.start),
    gauge('sessions', 'Sessions that are open.', sessions.open),
    counter('sessions_opened_total', 'Sessions that were opened.', sessions.opened),
    counter('sessions_failed_total', 'Sessions that could not be opened.', sessions.failed),
    histogram('session_seconds', 'How long sessions lasted.', times.session),
    counter('log_sent_bytes_total', 'Bytes of logs sent to the hub, those sent again included.', counts.logBytesSent),
    gauge(
      'log_unacknowledged_bytes',
      'Bytes of logs on their way that the hub has not acknowledged.',
      sessions.unacknowledgedBytes,
    ),
    counter('log_gaps_total', 'Gaps in the logs of attempts whose result the hub accepted.', counts.logGaps),
    gauge('spool_bytes', 'Disk that the output of the attempts takes.', status.spoolBytes),
    {
      type: 'gauge',
      name: 'farhand_agent_spool_free_bytes',
      help: 'Free on the disk of the data folder.',
      samples: status.spoolFreeBytes === null ? [] : [{ value: status.spoolFreeBytes }],
    },
    ...toAdmissionMetrics(status),
    gauge(
      'job_log_problem',
      '1 while lines of jobs do not get to the job log.',
      typeof status.jobLog?.problem === 'string' ? 1 : 0,
    ),
    counter('job_log_written_bytes_total', 'Bytes that were written to the job log.', status.jobLog?.writtenBytes ?? 0),
    counter(
      'job_log_dropped_bytes_total',
      'Bytes of output whose lines were not written to the job log and will not be.',
      status.jobLog?.droppedBytes ?? 0,
    ),
    counter(
      'job_log_cut_attempts_total',
      'Attempts of which lines, or the end, were not written to the job log and will not be.',
      status.jobLog?.cutAttempts ?? 0,
    ),
    ...toKubernetesMetrics(status),
    ...toClusterMetrics(status),
    gauge('automations', 'Automations that are offered.', catalog.automations),
    gauge('automation_mistakes', 'Mistakes in the folder of automations.', catalog.mistakes),
    gauge(
      'loop_lag_seconds',
      'How late the event loop was, 99th percentile of the last 5 seconds.',
      status.loopLagMs / 1000,
    ),
    gauge(
      'loop_lag_mean_seconds',
      'How long what came at any moment of the last 5 seconds waited for the event loop, on average.',
      status.loopLagMeanMs / 1000,
    ),
    gauge('loop_lag_max_seconds', 'The longest stop of the event loop in the last minute.', status.loopLagMaxMs / 1000),
    ...toLoopMetrics('farhand_agent', status.loops),
  ];
}

/** Without samples where no certificate is shown. */
function toCertificateMetrics({ network }: AgentStatus): readonly Metric[] {
  const certificate = network?.certificate ?? null;
  const problem = network?.problem ?? null;
  return [
    {
      type: 'gauge',
      name: 'farhand_agent_tls_certificate_expiry_timestamp_seconds',
      help: 'When the certificate that is shown to the hub is over, in seconds since 1970.',
      samples: certificate === null ? [] : [{ value: Date.parse(certificate.notAfter) / 1000 }],
    },
    {
      type: 'gauge',
      name: 'farhand_agent_tls_certificate_days_left',
      help: 'Days until then; negative once it is over.',
      samples: certificate === null ? [] : [{ value: certificate.daysLeft }],
    },
    gauge(
      'tls_files_problem',
      '1 while TLS files on the disk cannot be used, and the earlier ones are kept.',
      problem === null ? 0 : 1,
    ),
  ];
}

/** What the kernel does not tell is left out. */
function toAdmissionMetrics({ admission }: AgentStatus): readonly Metric[] {
  const closed = new Set(admission?.reasons.map(({ kind }) => kind));
  const resources = (['cpu', 'memory', 'io'] as const).flatMap((resource) => {
    const stall = admission?.values[resource] ?? null;
    return stall === null ? [] : [{ labels: { resource }, value: stall.percent / 100 }];
  });
  return [
    {
      type: 'gauge',
      name: 'farhand_agent_admission_closed',
      help: '1 while no jobs are taken for this reason.',
      samples: admissionReasonKinds
        .filter((kind) => kind !== 'other')
        .map((reason) => ({ labels: { reason }, value: closed.has(reason) ? 1 : 0 })),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_pressure_ratio',
      help: 'Part of the last 10 seconds in which work stood still, as the kernel tells it.',
      samples: resources,
    },
  ];
}
