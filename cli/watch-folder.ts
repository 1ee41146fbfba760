import { watch } from 'node:fs';

/** Editors write a file in several steps. */
const settleMs = 200;

/** Calls back when something in a folder changed, once for changes that come together. A folder that cannot be watched is not. */
export function watchFolder(folder: string, onChange: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  };
  try {
    const watcher = watch(folder, settle);
    watcher.on('error', () => watcher.close());
    return {
      [Symbol.dispose]() {
        clearTimeout(timer);
        watcher.close();
      },
    };
  } catch {
    return { [Symbol.dispose]: () => {} };
  }
}
