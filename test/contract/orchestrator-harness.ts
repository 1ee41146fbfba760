import type { StartOrchestrator } from '../../agent/orchestrators/orchestrator.ts';

/** What the contract suite needs of one kind of cluster manager. Names of nodes and apps are those of the suite. */
export interface OrchestratorHarness {
  readonly name: string;
  open(): Promise<OrchestratedCluster>;
}

/** A cluster of the test's own, with nothing in it, named `here`. */
export interface OrchestratedCluster extends AsyncDisposable {
  readonly start: StartOrchestrator;
  /** Makes it, or makes it another: with so many cores. */
  putNode(name: string, cpu: number): Promise<void>;
  removeNode(name: string): Promise<void>;
  /** A sign of life, and nothing else. */
  touchNode(name: string): Promise<void>;
  putApp(name: string, instances: number): Promise<void>;
  removeApp(name: string): Promise<void>;
  /** The cluster manager is gone, with all connections; what is told of its objects meanwhile it knows when it is back. */
  stop(): Promise<void>;
  resume(): Promise<void>;
}
