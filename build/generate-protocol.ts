import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const programs = join(root, 'node_modules/.bin');
const files = ['farhand/v1/agents.proto', 'grpc/health/v1/health.proto', 'io/cloudevents/v1/cloudevents.proto'];

/** For sources that run as they are: no enums, unions that can be told apart, numbers that are numbers, bytes that share memory. */
const style = [
  'annotateFilesWithVersion=false',
  'enumsAsLiterals=true',
  'esModuleInterop=true',
  'exportCommonSymbols=false',
  'forceLong=number',
  'importSuffix=.ts',
  'oneof=unions-value',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'outputServices=generic-definitions',
  'removeEnumPrefix=true',
  'useDate=false',
  'useExactTypes=false',
  'useMapType=true',
  'useReadonlyTypes=true',
];

/** Writes what is made of `protocol/proto/` to `folder`, which is emptied before. */
export async function generateProtocol(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await promisify(execFile)(process.execPath, [
    join(root, 'node_modules/protoc/protoc.cjs'),
    `--plugin=${join(programs, 'protoc-gen-ts_proto')}`,
    `--ts_proto_out=${folder}`,
    `--ts_proto_opt=${style.join(',')}`,
    `--proto_path=${join(root, 'protocol/proto')}`,
    ...files,
  ]);
}

if (import.meta.main) await generateProtocol(join(root, 'transports/grpc/generated'));
