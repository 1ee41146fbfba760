import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { effectiveLabels, mayClaim } from '../../../hub/store/allowed-labels.ts';
import { parseLabelSelector } from '../../../protocol/label-selector.ts';

const rows: readonly [selector: string, key: string, value: string, allowed: boolean][] = [
  ['', 'site', 'ams', true],
  ['', 'farhand.io/trusted', 'yes', false],
  ['farhand.io/trusted', 'farhand.io/trusted', 'yes', false],
  ['site in (ams,fra)', 'site', 'ams', true],
  ['site in (ams,fra)', 'site', 'lon', false],
  ['site in (ams,fra)', 'tier', 'edge', false],
  ['site', 'site', 'anything', true],
  ['site!=lon', 'site', 'ams', true],
  ['site!=lon', 'site', 'lon', false],
  ['!gpu,site', 'gpu', 'yes', false],
  ['site in (ams,fra),site!=fra', 'site', 'fra', false],
];

describe('labels that an agent claims', () => {
  for (const [selector, key, value, allowed] of rows) {
    test(`"${selector}" ${allowed ? 'allows' : 'refuses'} ${key}=${value}`, () => {
      assert.equal(mayClaim(key, value, parseLabelSelector(selector)), allowed);
    });
  }

  test('count where they are allowed; those of the token win', () => {
    const labels = effectiveLabels({ site: 'ams', tier: 'core', gpu: 'yes' }, parseLabelSelector('site,tier'), {
      tier: 'edge',
      'farhand.io/pool': 'one',
    });

    assert.deepEqual(labels, { site: 'ams', tier: 'edge', 'farhand.io/pool': 'one' });
  });
});
