import type { Element } from '../../hl7v2/message.ts';
import { nonEmpty, typed, type Convert } from './convert.ts';

/** NA and MA: a row of numbers. The message does not say their period, so it is given as 0 (unknown). */
export const toSampledData: Convert = (element, conversion) => {
  const values = nonEmpty(readValues(element));
  if (!values) return undefined;
  if (values.some((text) => !/^[+-]?\d+(\.\d+)?$/.test(text))) {
    conversion.remark('warning', 'The array holds something that is not a number; it was left out');
    return undefined;
  }
  return typed('SampledData', {
    origin: { value: 0 },
    period: 0,
    dimensions: 1,
    data: values.join(' '),
  });
};

export const toArrayText: Convert = (element) => typed('string', readValues(element).join(' '));

/** Numbers hold no escapes, so the raw text is split at whatever separates them. */
function readValues(element: Element): string[] {
  return element.raw.split(/[^\w.+-]+/).filter((text) => text !== '');
}
