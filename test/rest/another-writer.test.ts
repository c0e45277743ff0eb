import { asIfInOrder } from './rivals/as-if-in-order.ts';
import { ofObservations } from './rivals/of-observations.ts';
import { ofPeople } from './rivals/of-people.ts';
import { others } from './rivals/others.ts';

asIfInOrder('about a person', ofPeople, others);
asIfInOrder('about an observation, also by the patient', ofObservations, ofObservations);
