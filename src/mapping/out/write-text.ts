import { isObject, textOf } from './place.ts';
import { say, type Write } from './say.ts';
import { writeCode } from './write-code.ts';

/** A primitive as it is; of anything else what a person reads, or its code. */
export const writeText: Write = (place, manner) => {
  if (isObject(place.value) || manner.table !== undefined) {
    return say('text', place, manner) || writeCode(place, manner);
  }
  const text = textOf(place.value);
  if (text === '') return undefined;
  manner.said.add(place);
  return text;
};

/** true and false as Y and N (table 0136). */
export const writeYesNo: Write = (place, manner) => {
  if (typeof place.value !== 'boolean') return undefined;
  manner.said.add(place);
  return place.value ? 'Y' : 'N';
};
