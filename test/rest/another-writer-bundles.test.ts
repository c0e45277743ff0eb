import { asIfInOrder } from './rivals/as-if-in-order.ts';
import { inBundles } from './rivals/in-bundles.ts';
import { others } from './rivals/others.ts';

asIfInOrder('in a Bundle', inBundles, others);
