import { isLogicalId } from '../../fhir/reference.ts';
import { compact, typed, uriText, type Convert } from './convert.ts';
import { decimal } from './number.ts';

function escapeHtml(text: string): string {
  return text.replace(/[&<>]/g, (character) =>
    character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;',
  );
}

/** Text as an XHTML div, line by line. */
export function narrativeDiv(text: string): string {
  const lines = escapeHtml(text).split(/\r\n|\r|\n/);
  return `<div xmlns="http://www.w3.org/1999/xhtml">${lines.join('<br/>')}</div>`;
}

/** ST, TX and FT by FHIR type. */
export const stringConverters: Readonly<Record<string, Convert>> = {
  string: (element) => typed('string', element.text),
  markdown: (element) => typed('markdown', element.text),
  uri: (element) => typed('uri', uriText(element.text)),
  id: (element, conversion) => {
    if (element.text === '' || isLogicalId(element.text)) return typed('id', element.text);
    conversion.remark('information', 'The value is no id of FHIR; it was left out');
    return undefined;
  },
  Annotation: (element) => typed('Annotation', compact({ text: element.text })),
  HumanName: (element) => typed('HumanName', compact({ text: element.text })),
  Address: (element) => typed('Address', compact({ text: element.text })),
  Narrative: (element) =>
    element.text === ''
      ? undefined
      : { type: 'Narrative', value: { status: 'generated', div: narrativeDiv(element.text) } },
  Attachment: (element) =>
    element.text === ''
      ? undefined
      : { type: 'Attachment', value: { contentType: 'text/plain', data: base64(element.text) } },
  base64Binary: (element) => typed('base64Binary', base64(element.text)),
  Identifier: (element, conversion) =>
    element.text === ''
      ? undefined
      : typed('Identifier', compact({ system: conversion.system, value: element.text })),
  Quantity: (element) => {
    const value = decimal(element.text);
    return value === undefined ? undefined : { type: 'Quantity', value: { value } };
  },
};

/** UTF-8 text as base64. */
export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
