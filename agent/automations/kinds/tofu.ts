import { createTofuKind } from './tofu/create-tofu-kind.ts';

/** Plans, applies and destroys what a module of OpenTofu describes. */
export const tofuKind = createTofuKind('tofu');
