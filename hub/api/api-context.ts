import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import type { ClientAddress } from '../front/client-address.ts';
import type { PublicBase } from '../front/public-base.ts';
import type { Enrol } from '../identity/enrolment.ts';
import type { Refusals } from '../identity/refusals.ts';
import type { SecretBox } from '../identity/secret-box.ts';
import type { AuthenticateUser } from '../identity/user-authenticator.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { HubMetrics } from '../metrics/hub-metrics.ts';
import type { AccountQuotas } from '../quotas/account-quotas.ts';
import type { NewJob } from '../store/command.ts';
import type { Store } from '../store/store.ts';
import type { ApiLimits } from './api-limits.ts';
import type { AuditWatch } from './audit-watch.ts';
import type { EventPlaces } from './event-places.ts';
import type { HubView } from './hub-view.ts';
import type { JobWatch } from './job-watch.ts';
import type { ApiDescription } from './openapi/api-description.ts';
import type { ParameterCheck } from './parameter-check.ts';
import type { CallerConnections } from './rates/caller-connections.ts';
import type { RequestRates } from './rates/request-rates.ts';
import type { Readers } from './readers.ts';
import type { DigestRequest } from './request-digest.ts';
import type { SubmissionGate } from './submission-gate.ts';

/** What the routes work with. */
export interface ApiContext {
  readonly store: Store;
  readonly logs: LogStore;
  readonly hubView: HubView;
  /** Called in the turn in which the job is given to the store. True when the same commit offered it to an agent. */
  readonly offerAtOnce: (job: NewJob) => Promise<boolean>;
  readonly secretBox: SecretBox;
  readonly enrol: Enrol;
  readonly checkParameters: ParameterCheck;
  readonly digestRequest: DigestRequest;
  readonly submissions: SubmissionGate;
  readonly quotas: AccountQuotas;
  readonly auditWatch: AuditWatch;
  readonly places: EventPlaces;
  readonly jobWatch: JobWatch;
  readonly readers: Readers;
  readonly metrics: HubMetrics;
  readonly signIn: AuthenticateUser;
  readonly rates: RequestRates;
  readonly connections: CallerConnections;
  readonly refusals: Refusals;
  /** Called with the connection of a request whose caller is known. */
  readonly know: (socket: Socket) => void;
  readonly description: ApiDescription;
  readonly publicBase: PublicBase;
  readonly clientAddress: ClientAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: ApiLimits;
}
