import { createTofuKind } from './tofu/create-tofu-kind.ts';

/** Plans, applies and destroys what a module of Terraform describes. */
export const terraformKind = createTofuKind('terraform');
