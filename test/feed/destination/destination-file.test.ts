import { describe, expect, it } from 'vitest';
import { parseDestination } from '../../../src/feed/destination/destination-file.ts';

const needs = {
  maps: new Map([
    ['adt', 'Patient'],
    ['siu', 'Appointment'],
  ]),
  feeds: new Set(['ehr', 'lab']),
};

function faultsOf(text: string): readonly string[] {
  const { faults } = parseDestination({ path: 'ris.destination.yaml', text }, needs);
  return faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

it('reads everything there is', () => {
  const text = `
destination: ris
title: The RIS
address: ris.example:2575
sending: { application: WEIR, facility: HUB }
receiving: { application: RIS, facility: HOSP }
version: 2.4
processing: T
charset: 8859/1
encodingCharacters: '|$~\\\\&'
zone: Europe/Rome
authorities: { SMH: https://stmarys.example/mrn }
send: [{ resource: 'Appointment?status=booked', map: siu }, { resource: Patient, map: adt }]
pass:
  - { feed: lab, only: { MSH-9: [ORU^R01, 'ADT^*'], PID-3.4: SMH }, except: { MSH-11: T }, when: processed, rewrite: receiving }
feeds: ehr
echo: true
ack: application
connectWithin: PT5S
answerWithin: PT1M
retry: { first: PT2S, most: PT10M, errors: 0, breakAfter: 2 }
held: aside
maintenance: [{ days: [sat, Sunday], from: '22:00', to: '02:30' }]
`.replaceAll('\\\\', '\\');
  const { destination, faults } = parseDestination({ path: 'ris.destination.yaml', text }, needs);
  expect(faults).toEqual([]);
  expect(destination).toMatchObject({
    name: 'ris',
    host: 'ris.example',
    port: 2575,
    version: '2.4',
    charset: '8859/1',
    encoding: { field: '|', component: '$' },
    sends: [
      { type: 'Appointment', map: 'siu' },
      { type: 'Patient', map: 'adt' },
    ],
    passes: [{ feeds: ['lab'], when: 'processed', rewrite: ['receiving'] }],
    retry: { firstMs: 2_000, mostMs: 600_000, errorsMax: 0, breakAfter: 2 },
    connectTimeoutMs: 5_000,
    answerTimeoutMs: 60_000,
    ack: 'application',
    whenHeld: 'aside',
    maintenance: [{ weekdays: [6, 7], fromMinute: 1320, toMinute: 150, zone: 'Europe/Rome' }],
  });
});

describe('a fault is told with its place', () => {
  it.each([
    ['address: a:1', '1:1 The destination has no name; begin with destination: NAME'],
    [
      'destination: RIS\naddress: a:1',
      '1:14 A destination is named by lower-case letters, digits and hyphens',
    ],
    ['destination: ris', '1:1 A destination has an `address` such as ris.example:2575'],
    [
      'destination: ris\naddress: ris.example',
      '2:10 A destination has an `address` such as ris.example:2575',
    ],
    [
      'destination: ris\naddress: a:70000',
      '2:10 A destination has an `address` such as ris.example:2575',
    ],
    [
      'destination: ris\naddress: a:1\nadress: b',
      '3:1 `adress` is no key of a destination; did you mean `address`?',
    ],
    [
      'destination: ris\naddress: a:1\nzone: Rome',
      '3:7 `zone` is an IANA zone such as Europe/Rome',
    ],
    [
      'destination: ris\naddress: a:1\ncharset: EBCDIC',
      '3:10 charset is a name of HL7 table 0211, such as UNICODE UTF-8',
    ],
    [
      'destination: ris\naddress: a:1\nanswerWithin: 30',
      '3:15 `answerWithin` is a duration such as PT30S',
    ],
    [
      'destination: ris\naddress: a:1\nretry: { errors: -1 }',
      '3:18 `errors` is a whole number, 0 or more',
    ],
    [
      'destination: ris\naddress: a:1\nack: maybe',
      '3:6 `ack` must be one of original, accept, application',
    ],
    ['destination: ris\naddress: a:1\nfeeds: [rx]', '3:9 There is no feed rx'],
    [
      'destination: ris\naddress: a:1\nsend: [{ resource: Patient, map: atd }]',
      '3:34 There is no out-map `atd`; known are adt, siu',
    ],
    [
      'destination: ris\naddress: a:1\nsend: [{ resource: Patient, map: siu }]',
      '3:20 The map `siu` is for Appointment',
    ],
    [
      "destination: ris\naddress: a:1\nsend: [{ resource: 'Appointment?patient.name=x', map: siu }]",
      '3:20 The search takes no chains and no _has',
    ],
    [
      'destination: ris\naddress: a:1\npass: [{ only: { PID: x } }]',
      '3:18 `PID` is not a field such as MSH-9 or PID-3.4',
    ],
    [
      "destination: ris\naddress: a:1\nmaintenance: [{ from: '25:00', to: '02:00' }]",
      '3:23 `from` is a time of day such as "22:30"',
    ],
    [
      "destination: ris\naddress: a:1\nmaintenance: [{ days: [someday], from: '22:00', to: '02:00' }]",
      '3:24 `someday` is no day; write mon, tue, ... sun',
    ],
  ])('%j', (text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });
});
