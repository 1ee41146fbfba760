import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import type { CommandHandover, PreparedCommand } from '../../automations/prepared-command.ts';
import { podPrograms } from '../../runner/prepare-pod.ts';
import { runnerFiles } from '../../runner/runner-order.ts';
import { mainContainer } from './main-container.ts';
import { runnerContainer } from './runner-container.ts';
import type { RunnerImage } from './runner-image.ts';

const folders = {
  shared: '/farhand/shared',
  memory: '/farhand/memory',
  order: '/farhand/order',
  way: '/farhand/way',
} as const;
const sharedVolume = 'farhand-shared';
const memoryVolume = 'farhand-memory';
const wayVolume = 'farhand-way';
/** What both containers belong to, whoever they run as. The operator's patch may say another. */
const podGroup = 10_001;
const volumeMounts = [
  { name: sharedVolume, mountPath: folders.shared },
  { name: memoryVolume, mountPath: folders.memory },
];

const caFile = 'ca.pem';

/** What goes into the Secret of a pod with a runner, in the place of variables and files of the command. `ca`: certificates, as text. */
export function toOrderFiles(
  { order, ticket, automation }: CommandHandover,
  ca: string | null,
): PreparedCommand['files'] {
  return [
    ...(ca === null ? [] : [{ name: caFile, content: ca, executable: false }]),
    { name: runnerFiles.order, content: order, executable: false },
    { name: runnerFiles.ticket, content: ticket, executable: false },
    { name: runnerFiles.automation, content: automation, executable: false },
  ];
}

/**
 * What makes a pod of one command a pod with a runner: the first container fills the shared folder, the second is the runner, which stays beside the
 * command, and the command's runs under the wrapper. `orderVolume`: with what `toOrderFiles` answers. `words`: where the kubelet takes a container's last words from.
 */
export function toRunnerParts(options: {
  readonly runner: RunnerImage;
  readonly orderVolume: JsonObject & { readonly name: string };
  readonly words: string;
}): { readonly main: JsonObject; readonly spec: JsonObject } {
  const { runner, orderVolume, words } = options;
  const { image, shell, pullPolicy, waySecret } = runner;
  const way =
    waySecret === null
      ? null
      : {
          mount: { name: wayVolume, mountPath: folders.way, readOnly: true },
          volume: { name: wayVolume, secret: { secretName: waySecret, defaultMode: 0o440 } },
        };
  const env: JsonValue = Object.entries({
    ...runner.environment,
    FARHAND_RUNNER_SHARED: folders.shared,
    FARHAND_RUNNER_MEMORY: folders.memory,
    FARHAND_RUNNER_ORDER: folders.order,
    FARHAND_RUNNER_WAY: folders.way,
    ...(runner.caPath === null ? {} : { FARHAND_TLS_CA: `${folders.order}/${caFile}` }),
  }).map(([name, value]) => ({ name, value }));
  const securityContext = {
    runAsUser: podGroup,
    runAsGroup: podGroup,
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const common = {
    image,
    ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }),
    securityContext,
    env,
  };
  return {
    main: {
      name: mainContainer,
      command: [`${folders.shared}/${podPrograms.shell}`],
      args: [`${folders.shared}/${podPrograms.wrapper}`, folders.shared, folders.memory, words],
      workingDir: '/',
      volumeMounts,
    },
    spec: {
      securityContext: { fsGroup: podGroup, fsGroupChangePolicy: 'OnRootMismatch' },
      shareProcessNamespace: false,
      initContainers: [
        { ...common, name: 'farhand-prepare', args: ['runner', 'prepare', '--shell', shell], volumeMounts },
        {
          ...common,
          name: runnerContainer,
          args: ['runner'],
          restartPolicy: 'Always',
          volumeMounts: [
            ...volumeMounts,
            { name: orderVolume.name, mountPath: folders.order, readOnly: true },
            ...(way === null ? [] : [way.mount]),
          ],
        },
      ],
      volumes: [
        { name: sharedVolume, emptyDir: {} },
        { name: memoryVolume, emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
        orderVolume,
        ...(way === null ? [] : [way.volume]),
      ],
    },
  };
}
