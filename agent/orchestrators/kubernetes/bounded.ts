/** Texts, and lists of them, that are no longer than the protocol takes. Kubernetes has no such bound on some of them. */
export const bounded = {
  short: (text: string) => text.slice(0, 256),
  message: (text: string) => text.slice(0, 1024),
  labels: (labels: Readonly<Record<string, string>> | null | undefined) =>
    Object.fromEntries(
      Object.entries(labels ?? {})
        .slice(0, 128)
        .map(([key, value]) => [key.slice(0, 317), value.slice(0, 1024)]),
    ),
} as const;
