import type { LabelSelector } from './label-selector.ts';

/** A selector as it is written: what `parseLabelSelector` reads as the same. */
export function toSelectorText(selector: LabelSelector): string {
  return selector
    .map((requirement) => {
      switch (requirement.type) {
        case 'in':
          return `${requirement.key} in (${requirement.values.join(',')})`;
        case 'not-in':
          return `${requirement.key} notin (${requirement.values.join(',')})`;
        case 'exists':
          return requirement.key;
        case 'absent':
          return `!${requirement.key}`;
      }
    })
    .join(',');
}
