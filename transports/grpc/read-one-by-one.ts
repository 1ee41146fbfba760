/**
 * Gives the messages of a call one by one, and asks for the next only where it is wanted: a stream of objects would read sixteen of them
 * ahead, whatever their size.
 */
export function readOneByOne(
  stream: { on(event: 'data', listener: (bytes: Buffer) => void): unknown; _read(size: number): void },
  take: (bytes: Buffer) => void,
): { pause(): void; resume(): void } {
  const ask = stream._read.bind(stream);
  let paused = false;
  let asked = false;
  stream._read = (size) => {
    if (paused) asked = true;
    else ask(size);
  };
  stream.on('data', take);
  return {
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      if (!asked) return;
      asked = false;
      ask(1);
    },
  };
}
