import { z } from 'zod';

const Texts = z.record(z.string(), z.string());

/** What every object of Kubernetes has. The rest of it is passed on as it came. */
export const KubernetesObject = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string(),
    resourceVersion: z.string(),
    creationTimestamp: z.string().nullish(),
    deletionTimestamp: z.string().nullish(),
    labels: Texts.nullish(),
    annotations: Texts.nullish(),
  }),
});
export type KubernetesObject = z.infer<typeof KubernetesObject>;
