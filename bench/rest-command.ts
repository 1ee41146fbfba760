/** A job that takes time and nothing else. */
export const restCommand = ['sleep', '600'] as const;
