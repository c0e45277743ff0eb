import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/engage/rules.ts';
import { RuleError } from '../../src/engage/yaml-source.ts';

const settings = `channels: {patient: [in-app], staff: [in-app]}
departments: {nursing: Nursing}
`;

/** A pack that has nothing wrong with it; the faults below change one line of it. */
const sound = `pack: clinic
title: A pack
templates:
  hello: "Hello {{ focus.id }}"
rules:
  - id: hello
    version: 1
    mode: live
    title: Hello
    on: [{ resource: Appointment, change: [create] }]
    related:
      visits: { search: "Encounter:appointment" }
    let:
      known: "%previous.exists()"
    when: "status = 'booked' and %known.not()"
    steps:
      - name: say
        do: plan
        at: { anchor: start, offset: -P1D, zone: location }
        to: { first: [patient, "dept:nursing"] }
        category: hello
        template: hello
      - name: do
        do: task
        code: work
        owner: "dept:nursing"
        description: "Work for {{ focus.id }}"
      - { name: undo, do: revoke, steps: [say], reason: Off }
    examples:
      - name: one
        now: "2026-01-01T00:00:00Z"
        event: { resourceType: Appointment, id: a }
        expect: []
`;

function faultsOf(pack: string, withSettings = settings): string {
  try {
    compileRules([
      [
        { name: 'settings.yaml', text: withSettings },
        { name: 'clinic.yaml', text: pack },
      ],
    ]);
    return '';
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
}

function changed(from: string, to: string): string {
  if (!sound.includes(from)) throw new Error(`the pack has no "${from}"`);
  return sound.replace(from, to);
}

it('a sound pack has no faults', () => {
  expect(faultsOf(sound)).toBe('');
});

describe('a fault in a pack has its place and says what is wrong', () => {
  it.each([
    [
      '    mode: live',
      '    mode: on',
      'clinic.yaml:8:11 "mode" must be one of off | shadow | live',
    ],
    [
      '    title: Hello',
      '    titel: Hello',
      'clinic.yaml:6:5 "title" is missing\nclinic.yaml:9:5 unknown key "titel"',
    ],
    ['    version: 1', '    version: "1"', 'clinic.yaml:7:14 "version" must be integer'],
    [
      'category: hello',
      'categorie: hello',
      'clinic.yaml:17:9 "category" is missing\nclinic.yaml:21:9 unknown key "categorie"',
    ],
    [
      'do: plan',
      'do: send',
      'clinic.yaml:18:13 "do" must be one of task | communication | plan | revoke',
    ],
    ['template: hello', 'template: bye', 'clinic.yaml:22:19 there is no template "bye"'],
    ['offset: -P1D', 'offset: -1D', 'clinic.yaml:19:38 "offset" must match pattern "^[+-]?P"'],
    ['offset: -P1D', 'offset: -PD', 'clinic.yaml:19:38 "-PD" is no ISO 8601 duration'],
    [
      'zone: location',
      'zone: Mars',
      'clinic.yaml:19:50 "Mars" is neither location, facility nor an IANA time zone',
    ],
    [
      'anchor: start',
      'anchor: "%known"',
      'clinic.yaml:19:23 no variables here: only the resource is known',
    ],
    [
      '[patient, "dept:nursing"]',
      '[patient, "dept:cardio"]',
      'clinic.yaml:20:13 department "cardio" is not in settings.yaml',
    ],
    [
      '[patient, "dept:nursing"]',
      '[doctor]',
      'clinic.yaml:20:13 "doctor" is no recipient; known are patient, requester, careteam, dept:<code>, path:<FHIRPath>',
    ],
    ['%known.not()', '%unknown', 'clinic.yaml:15:11 there is no variable %unknown'],
    [
      '%known.not()',
      'start > now()',
      'clinic.yaml:15:11 today() and now() are not allowed here; use `within` or `at` for time',
    ],
    ['%known.not()', '(', 'clinic.yaml:15:11 this is no FHIRPath: '],
    ['Work for {{ focus.id }}', 'Work for {% if %', 'clinic.yaml:27:22 '],
    ['Hello {{ focus.id }}', 'Hello {{ focus.id | shout }}', 'clinic.yaml:4:10 '],
    [
      'search: "Encounter:appointment"',
      'search: "Encounter:appointment", follow: start',
      'clinic.yaml:12:15 say either "follow" or "search"',
    ],
    ['- name: do\n', '- name: say\n', 'clinic.yaml:23:15 step "say" is defined twice'],
    ['steps: [say]', 'steps: [gone]', 'clinic.yaml:6:5 step "undo" revokes unknown step "gone"'],
    [
      '- id: hello',
      '- id: Hello World',
      'clinic.yaml:6:9 "id" must match pattern "^[a-z][a-z0-9-]*$"',
    ],
    ['rules:', 'rules: [', 'clinic.yaml:6:3 '],
    ['pack: clinic', 'pack: clinic\npack: two', 'clinic.yaml:2:1 Map keys must be unique'],
  ])('%s -> %s', (from, to, expected) => {
    expect(faultsOf(changed(from, to))).toContain(expected);
  });

  it('a rule without an example', () => {
    const [head = ''] = sound.split('    examples:');
    expect(faultsOf(`${head}    examples: []\n`)).toBe(
      'clinic.yaml:29:15 "examples" must NOT have fewer than 1 items',
    );
  });

  it('all faults are told at once', () => {
    const pack = changed('mode: live', 'mode: on').replace('do: task', 'do: job');
    expect(faultsOf(pack).split('\n')).toHaveLength(2);
  });
});

describe('a fault in the settings', () => {
  it.each([
    [`${settings}zone: Mars\n`, 'settings.yaml:3:7 "Mars" is no IANA time zone'],
    [
      `${settings}quietHours: {from: "20:00", to: "25:00"}\n`,
      'settings.yaml:3:13 "25:00" is no time of day such as 08:00',
    ],
    [`${settings}volume: 11\n`, 'settings.yaml:3:1 unknown key "volume"'],
    [`${settings}caps: {max: 1, per: PX}\n`, 'settings.yaml:3:21 "PX" is no ISO 8601 duration'],
    [
      'departments: {}\n',
      'settings.yaml:1:1 "channels" is missing\nsettings.yaml:1:14 "departments" must NOT have fewer than 1 properties',
    ],
  ])('%s', (text, expected) => {
    expect(faultsOf(sound, text)).toBe(expected);
  });
});

describe('layers', () => {
  const own = { name: 'clinic.yaml', text: sound };
  const shared = { name: 'settings.yaml', text: settings };

  it('a rule of the site replaces the one of the same id', () => {
    const site = { name: 'site.yaml', text: changed('version: 1', 'version: 7') };
    const book = compileRules([[shared, own], [site]]);
    expect(book.rules.map(({ id, version }) => `${id} ${version}`)).toEqual(['hello 7']);
  });

  it('two of the same id in one folder are a fault', () => {
    expect(() => compileRules([[shared, own, { ...own, name: 'copy.yaml' }]])).toThrow(
      'copy.yaml:1:1 rule "hello" is defined twice',
    );
  });

  it('a rule that is off is triggered by nothing', () => {
    const off = { ...own, text: changed('mode: live', 'mode: off') };
    expect(compileRules([[shared, own]]).triggeredBy('Appointment')).toHaveLength(1);
    expect(compileRules([[shared, off]]).triggeredBy('Appointment')).toHaveLength(0);
  });
});
