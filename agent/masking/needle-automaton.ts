/** Nodes that follow each other, each the child of the one before: number and depth of the first, and where it hangs. */
interface Chain {
  readonly first: number;
  readonly depth: number;
  readonly parent: number;
  readonly length: number;
}

const root = 0;

/** Lower bits of a link; the node to fall back to stands above them. */
const endsChain = 1;
const branches = 2;
const matches = 4;
const linkShift = 3;

/**
 * Finds all occurrences of many needles in one pass (Aho and Corasick, 1975). A node costs five bytes: nodes are numbered
 * so that the child of a node is the next one, and only where needles part is there an entry in a map.
 *
 * A state is the longest end of the text so far that is also the beginning of a needle; 0 is the empty one.
 */
export class NeedleAutomaton {
  readonly #labels: Uint8Array;
  readonly #links: Uint32Array;
  readonly #roots = new Int32Array(256);
  readonly #branches = new Map<number, number>();
  /** Length of the longest needle that ends in a state, where one does. */
  readonly #matchLengths = new Map<number, number>();
  readonly #chains: Chain[] = [];
  #nodes = 1;

  constructor(needles: readonly Uint8Array[]) {
    const most = needles.reduce((sum, needle) => sum + needle.length, 1);
    this.#labels = new Uint8Array(most);
    this.#links = new Uint32Array(most);
    this.#links[root] = endsChain;
    for (const needle of needles) this.#insert(needle);
    this.#labels = this.#labels.slice(0, this.#nodes);
    this.#links = this.#links.slice(0, this.#nodes);
    this.#link();
  }

  get nodes(): number {
    return this.#nodes;
  }

  step(from: number, byte: number): number {
    let state = from;
    while (state !== root) {
      const link = this.#links[state] ?? 0;
      if ((link & endsChain) === 0 && this.#labels[state + 1] === byte) return state + 1;
      if ((link & branches) !== 0) {
        const branch = this.#branches.get(state * 256 + byte);
        if (branch !== undefined) return branch;
      }
      state = link >>> linkShift;
    }
    return this.#roots[byte] ?? root;
  }

  /** Length of the longest needle that ends here, 0 when none does. */
  matchLength(state: number): number {
    return ((this.#links[state] ?? 0) & matches) === 0 ? 0 : (this.#matchLengths.get(state) ?? 0);
  }

  /** How many bytes of the text may still be the beginning of a needle. */
  depth(state: number): number {
    if (state === root) return 0;
    let low = 0;
    let high = this.#chains.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#chains[middle]?.first ?? 0) <= state) low = middle;
      else high = middle - 1;
    }
    const chain = this.#chains[low];
    return chain === undefined ? 0 : chain.depth + state - chain.first;
  }

  #child(state: number, byte: number): number | undefined {
    if (state === root) return this.#roots[byte] || undefined;
    const link = this.#links[state] ?? 0;
    if ((link & endsChain) === 0 && this.#labels[state + 1] === byte) return state + 1;
    return (link & branches) === 0 ? undefined : this.#branches.get(state * 256 + byte);
  }

  #insert(needle: Uint8Array): void {
    let state = root;
    let depth = 0;
    while (depth < needle.length) {
      const child = this.#child(state, needle[depth] ?? 0);
      if (child === undefined) break;
      state = child;
      depth++;
    }
    if (depth < needle.length) state = this.#addChain(state, depth, needle);
    this.#matchLengths.set(state, needle.length);
  }

  #addChain(parent: number, depth: number, needle: Uint8Array): number {
    const first = this.#nodes;
    const length = needle.length - depth;
    const label = needle[depth] ?? 0;
    this.#labels.set(needle.subarray(depth), first);
    this.#nodes += length;
    this.#links[first + length - 1] = endsChain;
    this.#chains.push({ first, depth: depth + 1, parent, length });
    if (parent === root) this.#roots[label] = first;
    else {
      this.#branches.set(parent * 256 + label, first);
      this.#links[parent] = (this.#links[parent] ?? 0) | branches;
    }
    return first + length - 1;
  }

  /** Gives every node its link, by growing depth: all chains are walked side by side. */
  #link(): void {
    const waiting = this.#chains.toSorted((one, other) => other.depth - one.depth);
    let walked: Chain[] = [];
    for (let depth = 1; walked.length > 0 || waiting.length > 0; depth++) {
      while (waiting.at(-1)?.depth === depth) walked.push(waiting.pop() as Chain);
      for (const chain of walked) this.#linkNode(chain, depth);
      if (walked.some((chain) => chain.depth + chain.length - 1 === depth)) {
        walked = walked.filter((chain) => chain.depth + chain.length - 1 > depth);
      }
    }
  }

  #linkNode(chain: Chain, depth: number): void {
    const node = chain.first + depth - chain.depth;
    const parent = depth === chain.depth ? chain.parent : node - 1;
    const fallback =
      parent === root ? root : this.step((this.#links[parent] ?? 0) >>> linkShift, this.#labels[node] ?? 0);
    if (!this.#matchLengths.has(node)) {
      const length = this.matchLength(fallback);
      if (length > 0) this.#matchLengths.set(node, length);
    }
    const found = this.#matchLengths.has(node) ? matches : 0;
    this.#links[node] = ((this.#links[node] ?? 0) & (endsChain | branches)) | found | (fallback << linkShift);
  }
}
