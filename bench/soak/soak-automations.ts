/** Mebibytes that a job prints which prints much. */
export const floodMebibytes = 4;

/** What the jobs of the load run, by name: what the YAML files hold. JSON is YAML. */
export function soakAutomations(textPath: string): Readonly<Record<string, object>> {
  const seconds = { type: 'object', properties: { seconds: { type: 'integer' } }, required: ['seconds'] };
  return {
    nothing: { kind: 'command', run: ['true'] },
    fail: { kind: 'command', run: ['sh', '-c', 'echo this goes wrong; exit 3'] },
    whisper: {
      kind: 'script',
      script: 'for n in 1 2 3 4 5 6 7 8 9 10; do echo "line $n, password $FARHAND_SECRET_PASSWORD"; done',
    },
    flood: { kind: 'command', run: ['cat', ...Array.from({ length: floodMebibytes }, () => textPath)] },
    drip: {
      kind: 'script',
      script:
        'n=0; while [ $n -lt "$FARHAND_PARAM_SECONDS" ]; do echo "still here after $n"; sleep 1; n=$((n + 1)); done',
      parameters: seconds,
    },
    rest: { kind: 'command', run: ['sleep', '${parameters.seconds}'], parameters: seconds },
  };
}
