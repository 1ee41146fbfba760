/** Lets one at a time, in the order of their coming, for each name. */
export interface Turns {
  take<T>(name: string, action: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    async take(name, action) {
      const turn = (last.get(name) ?? Promise.resolve()).then(action, action);
      last.set(name, turn);
      try {
        return await turn;
      } finally {
        if (last.get(name) === turn) last.delete(name);
      }
    },
  };
}
