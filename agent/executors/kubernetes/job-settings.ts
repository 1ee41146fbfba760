import { z } from 'zod';
import { JsonObject } from '../../../protocol/json.ts';

const Dns = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'expected a name of lower-case letters, digits, "-" and "."');

const LabelMap = z.record(z.string(), z.string());

/** A quantity such as 500m, 2, 1.5Gi or 1e3; plain numbers too. Source: apimachinery, `resource.Quantity`. */
const Quantity = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine(
    (text) => /^[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(text),
    'expected a quantity, such as "500m" or "256Mi"',
  );

const Resources = z.strictObject({
  requests: z.record(z.string(), Quantity).optional(),
  limits: z.record(z.string(), Quantity).optional(),
});

/** Keys of the block `kubernetes:` of an automation. A description says how to write the value. */
export const jobKeys = {
  image: z
    .string()
    .min(1)
    .regex(/^\S+$/, 'expected the name of an image')
    .describe('the name of an image, in quotes, such as "registry.example/tool:1.2"'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .optional()
    .describe('Always, IfNotPresent or Never; without it the cluster decides'),
  imagePullSecrets: z.array(Dns).default([]).describe('names of Secrets, such as [registry-login]'),
  resources: Resources.default({}).describe('an object such as {requests: {cpu: "100m"}, limits: {memory: "256Mi"}}'),
  serviceAccountName: Dns.optional().describe('the name of a service account'),
  automountServiceAccountToken: z
    .boolean()
    .default(false)
    .describe('true or false: whether the job gets a token of its service account'),
  nodeSelector: LabelMap.default({}).describe('labels of a node, such as {disktype: ssd}'),
  namespace: Dns.optional().describe("the name of a namespace; without it the agent's own counts"),
  patch: JsonObject.default({}).describe(
    'an object that is merged over the template of the pod, such as {spec: {tolerations: [{operator: Exists}]}}',
  ),
  patchType: z.enum(['strategic', 'merge']).default('strategic').describe('strategic or merge: how `patch` is merged'),
  pendingSeconds: z
    .int()
    .positive()
    .max(86_400)
    .default(300)
    .describe('seconds, a whole number: how long a node, and room on it, is waited for'),
  imageSeconds: z
    .int()
    .positive()
    .max(86_400)
    .default(180)
    .describe('seconds, a whole number: how long an image that cannot be pulled is waited for'),
  activeDeadlineSeconds: z
    .int()
    .positive()
    .max(31_536_000)
    .optional()
    .describe('seconds, a whole number: after this the cluster itself ends the Job, also when no agent is there'),
  ttlSeconds: z
    .int()
    .min(60)
    .max(31_536_000)
    .default(86_400)
    .describe('seconds, a whole number: how long the cluster keeps a Job that ended and that no agent asked for'),
} as const;

export const JobSettings = z.strictObject(jobKeys);
export type JobSettings = Readonly<z.infer<typeof JobSettings>>;
