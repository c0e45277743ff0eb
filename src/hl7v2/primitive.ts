import { parseDateTime } from './datetime.ts';

/**
 * Why a text is no value of a primitive data type (HL7 v2.5.1 chapter 2A), as the end of a sentence; undefined where it is one,
 * and for types whose values are free.
 */
export function primitiveFault(dataType: string, text: string): string | undefined {
  return Object.hasOwn(forms, dataType) ? forms[dataType]?.(text) : undefined;
}

type Form = (text: string) => string | undefined;

const like =
  (form: RegExp, fault: string): Form =>
  (text) =>
    form.test(text.trim()) ? undefined : fault;

const timeOfDay = /^(?:[01]\d|2[0-4])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,9})?)?)?(?:[+-]\d{4})?$/;

const dateTime: Form = (text) => parseDateTime(text).fault?.replace(/^The time /, 'it ');

const forms: Readonly<Record<string, Form>> = {
  NM: like(/^[+-]?(?:\d+\.?\d*|\.\d+)$/, 'it is no number'),
  SI: like(/^\d{1,9}$/, 'it is no sequence number'),
  DT: (text) =>
    /^\d{4}(?:\d\d(?:\d\d)?)?$/.test(text.trim()) ? dateTime(text) : 'it is not YYYY[MM[DD]]',
  TM: like(timeOfDay, 'it is not HH[MM[SS[.S]]][+ZZZZ]'),
  DTM: dateTime,
  TS: dateTime,
};
